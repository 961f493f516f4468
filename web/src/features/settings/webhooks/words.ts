import { CircleAlert, CircleCheck, CirclePause, Clock, type LucideIcon } from "lucide-react";
import type { DeliveryOutput, DeliveryStatus, EventType, WebhookOutput } from "@/api";
import type { Tone } from "@/components/ui/badge";

/** The events that a webhook can ask for, and when they happen. */
export const EVENTS: Record<EventType, string> = {
  "connection.created": "A service was connected",
  "connection.refreshed": "A connection was renewed before it expired",
  "connection.reauthorization_required": "A connection has to be authorized again",
  "connection.deleted": "A connection was deleted",
  "execution.failed": "An action failed",
};

export const EVENT_TYPES = Object.keys(EVENTS) as EventType[];

export interface Look {
  tone: Tone;
  icon: LucideIcon;
  word: string;
  /** What it means, in a sentence. */
  why?: string;
}

/** How a webhook is. */
export function lookOf({ disabled_at, disabled_reason, failing_since }: WebhookOutput): Look {
  if (disabled_at) {
    const why = disabled_reason ? REASONS[disabled_reason] : undefined;
    return { tone: "neutral", icon: CirclePause, word: "Disabled", why };
  }
  if (failing_since)
    return {
      tone: "warning",
      icon: CircleAlert,
      word: "Failing",
      why: "It takes nothing at the moment. Each event is sent again, ever more rarely; after days it is disabled.",
    };
  return { tone: "success", icon: CircleCheck, word: "Active" };
}

const REASONS: Record<NonNullable<WebhookOutput["disabled_reason"]>, string> = {
  by_user: "Somebody disabled it. It gets nothing until it is enabled again.",
  gone: "Its address answered 410, so nothing is sent there any more. Enable it once it takes events again.",
  failing: "It took nothing for days, so it was disabled. Enable it once it takes events again.",
};

export const DELIVERY_LOOKS: Record<DeliveryStatus, Look> = {
  pending: { tone: "primary", icon: Clock, word: "Pending" },
  delivered: { tone: "success", icon: CircleCheck, word: "Delivered" },
  failed: { tone: "danger", icon: CircleAlert, word: "Failed" },
};

/** What came of its last attempt: `204`, or why there was no answer. */
export function answerOf({ status_code, error }: Pick<DeliveryOutput, "status_code" | "error">): string {
  return status_code === null ? (error ?? "–") : String(status_code);
}
