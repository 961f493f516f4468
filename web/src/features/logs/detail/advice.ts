import type { LogOutput } from "@/api";
import { adviceFor } from "@/lib/problem-advice";

/** What is said of an execution alone, where the advice for a page's own requests would mislead. */
const OF_EXECUTIONS: Record<string, string> = {
  upstream_error: "What the service said is in the response. Its documentation says what that means.",
  upstream_invalid_response:
    "The service's answer could not be read: no valid HTTP, not what its content type says, or too large. It may have acted.",
  upstream_timeout: "The service took too long. It may have acted: look there before you try again.",
  invalid_parameters: "The parameters do not fit the action's schema. Correct them in the playground.",
  malformed_request: "The request itself could not be read. Look at what your program sends.",
  rate_limited: "Too many calls in too short a time. Wait a moment, or have the limit raised.",
  payload_too_large: "Send less at a time, or files as uploads.",
  idempotency_conflict: "The key was used for another request. Use a new one for each.",
  idempotency_in_flight: "The first request with this key is still running. Ask again shortly.",
  idempotency_outcome_unknown:
    "The first request with this key was cut off. Look at the service whether it acted, then use a new key.",
  client_disconnected: "Whoever called went away before the answer was complete.",
  unavailable: "The gateway's database did not answer. It is worth another try.",
};

/** What to do about how an execution ended; undefined where nothing has to be done. */
export function adviceOn({
  status,
  error_code,
}: Pick<LogOutput, "status" | "error_code">): string | undefined {
  if (error_code) return OF_EXECUTIONS[error_code] ?? adviceFor({ code: error_code, retryAfter: undefined });
  if (status === "unknown")
    return "The gateway was cut off before the end, so nobody knows whether the service acted. Look there.";
  return undefined;
}
