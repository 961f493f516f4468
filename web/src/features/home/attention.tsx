import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import { type ConnectionOutput, type ConnectionStatus, listConnectionsOptions } from "@/api";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { ServiceLogo } from "@/components/service-logo";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { SkeletonRows } from "@/components/ui/skeleton";
import { ConnectionStatusBadge } from "@/features/connections/connection-status";

const UNWELL: ConnectionStatus[] = ["reauthorization_required", "expired", "error"];
const SHOWN = 6;

/** Connections that somebody has to look after. */
export function Attention({ workspaceId }: { workspaceId: string }) {
  const connections = useQuery(
    listConnectionsOptions({ query: { workspace_id: workspaceId, status: UNWELL, limit: SHOWN } }),
  );
  const rows = connections.data?.data;
  return (
    <Card>
      <CardHeader title="Connections that need attention">
        {connections.data?.next_cursor && (
          <Button variant="ghost" size="sm" asChild>
            <Link to="/w/$workspaceId/connections" params={{ workspaceId }} search={{ status: UNWELL }}>
              All
            </Link>
          </Button>
        )}
      </CardHeader>
      {connections.isPending && <SkeletonRows rows={4} />}
      {connections.isError && !rows && (
        <ErrorState error={connections.error} onRetry={() => connections.refetch()} className="py-8" />
      )}
      {rows?.length === 0 && (
        <EmptyState icon={CircleCheck} title="No connection needs attention" className="py-8" />
      )}
      {rows && rows.length > 0 && (
        <ul className="divide-y border-t">
          {rows.map((connection) => (
            <Row key={connection.id} connection={connection} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Row({ connection }: { connection: ConnectionOutput }) {
  return (
    <li>
      <Link
        to="/w/$workspaceId/connections/$connectionId"
        params={{ workspaceId: connection.workspace_id, connectionId: connection.id }}
        className="flex items-center gap-3 px-4 py-2 hover:bg-muted"
      >
        <ServiceLogo slug={connection.integration} name={connection.integration_name} className="size-6" />
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{connection.name}</span>
          <span className="block truncate text-muted-foreground text-xs">
            {connection.account_name ?? connection.integration_name}
            {connection.status_since && (
              <>
                {" · "}
                <TimeAgo time={connection.status_since} />
              </>
            )}
          </span>
        </span>
        <ConnectionStatusBadge connection={connection} />
      </Link>
    </li>
  );
}
