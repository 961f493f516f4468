import type { ConnectionOutput, StatusReason } from "@/api";
import { StatusBadge } from "@/components/status-badge";
import { Tooltip } from "@/components/ui/tooltip";
import { formatExact } from "@/lib/format";

type Stated = Pick<ConnectionOutput, "status" | "status_reason" | "status_since">;

const REASONS: Record<StatusReason, string> = {
  grant_refused: "The service does not accept its credential any more.",
  integration_moved: "The service has another address now, and the credential was given for the old one.",
  disabled_by_owner: "Its owner has disabled it.",
  disabled_by_admin: "An admin has disabled it.",
  token_expired: "Its token has expired, and nothing can renew it.",
};

/** Why the connection is in its state; nothing for one that works. */
export function reasonOf({ status, status_reason }: Stated): string | undefined {
  if (status === "active") return undefined;
  return status_reason ? REASONS[status_reason] : undefined;
}

export function ConnectionStatusBadge({ connection }: { connection: Stated }) {
  const since = connection.status_since && `Since ${formatExact(connection.status_since)}.`;
  const content = [reasonOf(connection), since].filter(Boolean).join(" ");
  return (
    <Tooltip content={content}>
      <span>
        <StatusBadge status={connection.status} />
      </span>
    </Tooltip>
  );
}
