import type { Problem } from "@/api/problem";

const ADVICE: Record<string, string> = {
  unauthenticated: "Sign in again.",
  forbidden: "Ask an owner or admin of this workspace for the role that may do it.",
  not_found: "It may have been deleted, or you are not a member of its workspace any more.",
  reauthorization_required: "Re-authorize the connection.",
  insufficient_scope: "Re-authorize the connection with the permissions that this action needs.",
  invalid_integration_config: "The integration's definition is broken. Whoever maintains it has to mend it.",
  egress_blocked:
    "The gateway may not call this address. An operator can allow it (PORTWAY_ALLOW_PRIVATE_NETWORKS).",
  upstream_unreachable: "The service could not be reached. Try again in a moment.",
  upstream_timeout: "The service took too long. Try again, or ask for less at a time.",
  circuit_open: "The service keeps failing, so calls to it are held back for a moment.",
  internal_error: "That is our fault. The request's id helps whoever runs this gateway to find out why.",
};

/** What to do about a problem, where its own text does not say it. */
export function adviceFor(problem: Pick<Problem, "code" | "retryAfter">): string | undefined {
  return waitFor(problem) ?? ADVICE[problem.code];
}

/** When to try again. */
export function waitFor({ retryAfter }: Pick<Problem, "retryAfter">): string | undefined {
  return retryAfter ? `Try again in ${Math.ceil(retryAfter)} s.` : undefined;
}
