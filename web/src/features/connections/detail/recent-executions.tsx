import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ConnectionOutput, listLogsOptions } from "@/api";
import { ErrorState } from "@/components/error-state";
import { StatusBadge } from "@/components/status-badge";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { SkeletonRows } from "@/components/ui/skeleton";
import { formatDuration } from "@/lib/format";

const SHOWN = 6;

/** What was last done with the connection. */
export function RecentExecutions({
  connection: { id, workspace_id, can },
}: {
  connection: ConnectionOutput;
}) {
  const { data, error, refetch } = useQuery(
    listLogsOptions({ query: { workspace_id, connection_id: id, payloads: false, limit: SHOWN } }),
  );
  const params = { workspaceId: workspace_id };
  return (
    <Card>
      <CardHeader title="Recent executions">
        <Button asChild variant="link">
          <Link to="/w/$workspaceId/logs" params={params} search={{ connection_id: id }}>
            All in the log
          </Link>
        </Button>
      </CardHeader>
      {error && !data && <ErrorState error={error} onRetry={() => void refetch()} className="pt-2" />}
      {!error && !data && <SkeletonRows rows={3} />}
      {data?.data.length === 0 && (
        <p className="px-4 pb-4 text-muted-foreground">
          None yet.{" "}
          {can.use && (
            <Link
              to="/w/$workspaceId/playground"
              params={params}
              search={{ connection: id }}
              className="text-link underline"
            >
              Run an action in the playground.
            </Link>
          )}
        </p>
      )}
      <ul className="divide-y border-t empty:border-0">
        {data?.data.map((execution) => (
          <li key={execution.id} className="flex h-10 items-center gap-3 px-4">
            <StatusBadge status={execution.status} />
            <span className="min-w-0 flex-1 truncate">
              {execution.action_name ?? execution.action ?? "–"}
            </span>
            <span className="text-muted-foreground">{formatDuration(execution.duration_ms)}</span>
            <TimeAgo time={execution.executed_at} className="w-24 text-right text-muted-foreground" />
          </li>
        ))}
      </ul>
    </Card>
  );
}
