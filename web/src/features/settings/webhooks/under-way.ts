import type { DeliveryOutput } from "@/api";

/** While something is on its way, what became of it is looked up so often, in milliseconds. */
export const WAIT = 2000;

/** About to be tried, not waiting for hours. */
export function isUnderWay({ status, next_attempt_at }: DeliveryOutput): boolean {
  return status === "pending" && Date.parse(next_attempt_at ?? "") < Date.now() + 5 * WAIT;
}
