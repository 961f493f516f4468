import type { LogOutput } from "@/api";

/** Longer ones do not belong into an address. */
const LONGEST = 1500;
/** What the log has instead of a secret. */
const REDACTED = "[redacted]";

interface AgainSearch {
  connection: string;
  action: string;
  parameters?: string;
}

/** The playground's address for the same call; without secrets, and without parameters where the log cut them. */
export function againSearch(row: LogOutput): AgainSearch | undefined {
  const { connection_id, action, request_payload, payload_truncated } = row;
  if (!connection_id || !action) return undefined;
  const parameters = JSON.stringify(request_payload ?? {}, (_, value: unknown) =>
    value === REDACTED ? undefined : value,
  );
  const whole = !payload_truncated && parameters !== "{}" && parameters.length <= LONGEST;
  return { connection: connection_id, action, ...(whole && { parameters }) };
}
