import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CirclePause,
  CircleX,
  Clock,
  KeyRound,
  type LucideIcon,
  ShieldX,
} from "lucide-react";
import type { ConnectionStatus, ExecutionStatus } from "@/api";
import { Badge, type Tone } from "./ui/badge";

interface Look {
  tone: Tone;
  icon: LucideIcon;
  word: string;
}

const LOOKS: Record<ConnectionStatus | ExecutionStatus | "pending" | "revoked", Look> = {
  active: { tone: "success", icon: CircleCheck, word: "Active" },
  expired: { tone: "warning", icon: Clock, word: "Expired" },
  reauthorization_required: { tone: "warning", icon: KeyRound, word: "Re-authorize" },
  disabled: { tone: "neutral", icon: CirclePause, word: "Disabled" },
  error: { tone: "danger", icon: CircleX, word: "Error" },
  success: { tone: "success", icon: CircleCheck, word: "Success" },
  started: { tone: "primary", icon: CircleDashed, word: "Running" },
  refused: { tone: "warning", icon: ShieldX, word: "Refused" },
  unknown: { tone: "neutral", icon: CircleHelp, word: "Unknown" },
  pending: { tone: "neutral", icon: CircleDashed, word: "Pending" },
  revoked: { tone: "neutral", icon: CircleAlert, word: "Revoked" },
};

/** The state of an execution, a connection, an invitation: an icon, a word, and a colour. */
export function StatusBadge({ status }: { status: keyof typeof LOOKS }) {
  const { tone, icon, word } = LOOKS[status];
  return (
    <StateBadge tone={tone} icon={icon}>
      {word}
    </StateBadge>
  );
}

/** A state of another kind. */
export function StateBadge({
  tone,
  icon: Icon,
  children,
}: {
  tone: Tone;
  icon: LucideIcon;
  children: string;
}) {
  return (
    <Badge tone={tone}>
      <Icon aria-hidden /> {children}
    </Badge>
  );
}

/** The word for a status, where there is no badge. */
export function statusWord(status: keyof typeof LOOKS): string {
  return LOOKS[status].word;
}
