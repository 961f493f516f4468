import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { type ConnectionOutput, getConnectionOptions, getIntegrationOptions } from "@/api";
import { useWorkspace } from "@/app/session";
import { ErrorState } from "@/components/error-state";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { ServiceLogo } from "@/components/service-logo";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { ConnectionStatusBadge } from "../connection-status";
import { ConnectionActions } from "./connection-actions";
import { Details } from "./details";
import { Permissions } from "./permissions";
import { RecentExecutions } from "./recent-executions";
import { StatusNote } from "./status-note";

/** One connection: what it is, how it is, and what can be done with it. */
export function ConnectionPage() {
  const { connectionId } = useParams({ from: "/w/$workspaceId/connections/$connectionId" });
  const { id: workspaceId } = useWorkspace();
  const parents = useMemo(
    () => [
      {
        label: "Connections",
        link: { to: "/w/$workspaceId/connections" as const, params: { workspaceId } },
      },
    ],
    [workspaceId],
  );
  const { data, error, refetch } = useQuery(getConnectionOptions({ path: { connection_id: connectionId } }));
  if (data) return <Shown connection={data} parents={parents} />;
  return (
    <Page>
      <PageHeader title="Connection" parents={parents} />
      {error ? (
        <ErrorState
          error={error}
          onRetry={() => void refetch()}
          action={
            <Button asChild>
              <Link to="/w/$workspaceId/connections" params={{ workspaceId }}>
                All connections
              </Link>
            </Button>
          }
        />
      ) : (
        <Skeleton className="h-80 w-full rounded-lg" />
      )}
    </Page>
  );
}

interface ShownProps {
  connection: ConnectionOutput;
  parents: Parameters<typeof PageHeader>[0]["parents"];
}

function Shown({ connection, parents }: ShownProps) {
  const { integration, integration_name, name, workspace_id } = connection;
  const { data: service } = useQuery(
    getIntegrationOptions({ path: { slug: integration }, query: { workspace_id } }),
  );
  return (
    <Page>
      <PageHeader
        title={name}
        icon={<ServiceLogo slug={integration} name={integration_name} className="size-10" />}
        badge={<ConnectionStatusBadge connection={connection} />}
        description={integration_name}
        parents={parents}
        actions={<ConnectionActions connection={connection} service={service} />}
      />
      <StatusNote connection={connection} />
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_minmax(0,1.3fr)]">
        <Details connection={connection} service={service} />
        <div className="flex min-w-0 flex-col gap-5">
          <RecentExecutions connection={connection} />
          <Permissions connection={connection} service={service} />
        </div>
      </div>
    </Page>
  );
}
