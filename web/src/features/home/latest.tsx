import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type LogOutput, listLogsOptions } from "@/api";
import { ErrorState } from "@/components/error-state";
import { ServiceLogo } from "@/components/service-logo";
import { StatusBadge } from "@/components/status-badge";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { SkeletonRows } from "@/components/ui/skeleton";
import { actionOf } from "@/features/logs/list/columns";
import { formatDuration } from "@/lib/format";

const SHOWN = 8;
const EVERY = 10_000;

/** What was executed last. */
export function Latest({ workspaceId }: { workspaceId: string }) {
  const logs = useQuery({
    ...listLogsOptions({ query: { workspace_id: workspaceId, payloads: false, limit: SHOWN } }),
    placeholderData: keepPreviousData,
    refetchInterval: EVERY,
  });
  const rows = logs.data?.data;
  if (rows?.length === 0) return null;
  return (
    <Card>
      <CardHeader title="Latest executions">
        <Button variant="ghost" size="sm" asChild>
          <Link to="/w/$workspaceId/logs" params={{ workspaceId }}>
            All logs
          </Link>
        </Button>
      </CardHeader>
      {logs.isPending && <SkeletonRows rows={SHOWN} />}
      {logs.isError && !rows && (
        <ErrorState error={logs.error} onRetry={() => logs.refetch()} className="py-8" />
      )}
      {rows && (
        <ul className="divide-y border-t">
          {rows.map((row) => (
            <Row key={row.id} row={row} workspaceId={workspaceId} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Row({ row, workspaceId }: { row: LogOutput; workspaceId: string }) {
  return (
    <li>
      <Link
        to="/w/$workspaceId/logs"
        params={{ workspaceId }}
        search={{ execution: row.id }}
        className="flex h-11 items-center gap-3 px-4 hover:bg-muted"
      >
        <ServiceLogo slug={row.integration ?? ""} name={row.integration_name ?? "?"} className="size-6" />
        <span className="min-w-0 flex-1 truncate">
          <span className="font-medium">{actionOf(row)}</span>
          <span className="text-muted-foreground max-sm:hidden">
            {" "}
            {row.connection_name ?? row.integration_name}
          </span>
        </span>
        <StatusBadge status={row.status} />
        <span className="w-16 text-right text-muted-foreground tabular-nums max-sm:hidden">
          {formatDuration(row.duration_ms)}
        </span>
        <TimeAgo time={row.executed_at} className="w-24 text-right text-muted-foreground" />
      </Link>
    </li>
  );
}
