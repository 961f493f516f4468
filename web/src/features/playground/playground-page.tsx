import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { type ConnectionOutput, getConnectionOptions, listConnectionsOptions } from "@/api";
import { useSession, useWorkspace } from "@/app/session";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { useSearchPatch } from "@/components/use-search-patch";
import { NothingToRun } from "./nothing-to-run";
import type { PlaygroundSearch } from "./routes";
import { Workbench } from "./workbench";

/** Runs actions by hand, to see what they do and how to call them. */
export function PlaygroundPage() {
  const { id: workspaceId } = useWorkspace();
  const search = useSearch({ from: "/w/$workspaceId/playground" });
  const { connection, error, retry, pending } = useChosenConnection(workspaceId, search);
  const patch = useSearchPatch();
  if (connection) return <Workbench connection={connection} search={search} />;
  const chooseAnother = (
    <Button onClick={() => patch({ connection: undefined, action: undefined, parameters: undefined })}>
      Choose another connection
    </Button>
  );
  return (
    <Page>
      <PageHeader title="Playground" description="Run an action, and see how to call it." />
      {pending && <Skeleton className="h-96 w-full rounded-lg" />}
      {error !== undefined && (
        <ErrorState error={error} onRetry={retry} action={search.connection && chooseAnother} />
      )}
      {!pending && error === undefined && !search.connection && (
        <NothingToRun workspaceId={workspaceId} integration={search.integration} />
      )}
      {!pending && error === undefined && search.connection && (
        <div className="rounded-lg border bg-card">
          <EmptyState title="This workspace has no such connection" action={chooseAnother} />
        </div>
      )}
    </Page>
  );
}

interface Chosen {
  connection?: ConnectionOutput;
  error?: unknown;
  retry: () => void;
  pending: boolean;
}

/** The one that the address names, else the first that can be used. */
function useChosenConnection(workspaceId: string, { connection: id, integration }: PlaygroundSearch): Chosen {
  const { id: userId } = useSession();
  const named = useQuery({
    ...getConnectionOptions({ path: { connection_id: id ?? "" } }),
    enabled: id !== undefined,
  });
  const listed = useQuery(
    listConnectionsOptions({ query: { workspace_id: workspaceId, user_id: userId, integration, limit: 50 } }),
  );
  // Mostly it is in the list already. The address of another workspace's is one of nothing here.
  const chosen = named.data ?? listed.data?.data.find((one) => one.id === id);
  const here = chosen?.workspace_id === workspaceId ? chosen : undefined;
  const { data, error, refetch, isPending } = id === undefined ? listed : named;
  const first = listed.data?.data.filter(({ can }) => can.use).sort(usableFirst)[0];
  return {
    connection: id === undefined ? first : here,
    error: data ? undefined : (error ?? undefined),
    retry: () => void refetch(),
    pending: isPending && !error,
  };
}

function usableFirst(one: ConnectionOutput, other: ConnectionOutput): number {
  return Number(other.status === "active") - Number(one.status === "active");
}
