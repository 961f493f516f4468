import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type ActionOutput, type ConnectionOutput, getActionOptions } from "@/api";
import { useCommands } from "@/app/commands";
import { ErrorState } from "@/components/error-state";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { Prose } from "@/components/prose";
import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { useSearchPatch } from "@/components/use-search-patch";
import { copyText } from "@/lib/copy";
import { Choices } from "./choose/choices";
import type { Run } from "./history";
import { HistoryButton } from "./history-button";
import { objectOf } from "./json-value";
import type { Asked, Options } from "./request/execution";
import { RequestPane } from "./request/request-pane";
import { ResponsePane } from "./response/response-pane";
import type { PlaygroundSearch } from "./routes";
import { useDraft } from "./use-draft";
import { useRunner } from "./use-runner";
import { useStateFor } from "./use-state-for";

interface WorkbenchProps {
  connection: ConnectionOutput;
  search: PlaygroundSearch;
}

/** A run of the history, by the number of the pick: the same may be brought back again. */
type Picked = Run & { pick: number };

/** What is asked at the left, what came of it at the right. */
export function Workbench({ connection, search }: WorkbenchProps) {
  const { integration: slug, organization_id } = connection;
  const [restored, setRestored] = useState<Picked>();
  const patch = useSearchPatch();
  const action = useQuery({
    ...getActionOptions({ path: { slug, action: search.action ?? "" }, query: { organization_id } }),
    enabled: search.action !== undefined,
  });
  useShareCommand();
  function restore(run: Run) {
    const { connectionId, action: asked } = run.asked;
    setRestored((before) => ({ ...run, pick: (before?.pick ?? 0) + 1 }));
    patch({ connection: connectionId, integration: undefined, action: asked, parameters: undefined });
  }
  return (
    <Page width="full">
      <PageHeader
        title="Playground"
        description="Run an action, and see how to call it."
        actions={<HistoryButton onPick={restore} />}
      />
      <Bench
        connection={connection}
        search={search}
        action={search.action === undefined ? undefined : action.data}
        failure={
          search.action !== undefined && action.error && !action.data ? (
            <ErrorState error={action.error} onRetry={() => void action.refetch()} />
          ) : undefined
        }
        restored={fits(restored, connection, search) ? restored : undefined}
      />
    </Page>
  );
}

function fits(run: Run | undefined, { id }: ConnectionOutput, { action }: PlaygroundSearch): boolean {
  return run?.asked.connectionId === id && run.asked.action === action;
}

interface BenchProps extends WorkbenchProps {
  /** Undefined until one is chosen and loaded. */
  action: ActionOutput | undefined;
  failure?: React.ReactNode;
  /** A run of the history to go on from. */
  restored: Picked | undefined;
}

function Bench({ connection, search, action, failure, restored }: BenchProps) {
  const key = `${connection.id} ${search.action} ${restored?.pick}`;
  const draft = useDraft(
    key,
    () => restored?.asked.parameters ?? objectOf(search.parameters ?? "") ?? {},
    search.parameters,
    action?.request_schema,
  );
  const [options, setOptions] = useStateFor<Options>(key, () => restored?.asked.options ?? {});
  const runner = useRunner(key, () => ({ asked: restored?.asked, answered: restored?.answered }));
  const asked: Asked | undefined = action && {
    workspaceId: connection.workspace_id,
    connectionId: connection.id,
    action: action.slug,
    parameters: draft.parameters,
    options,
  };
  return (
    <div className="grid min-w-0 items-start gap-5 lg:grid-cols-2">
      <Card className="flex flex-col gap-4 p-4">
        <Choices connection={connection} action={action} search={search} />
        {failure}
        {!action && search.action && !failure && <Skeleton className="h-60" />}
        {action && asked && (
          <>
            {action.description && (
              <p className="text-muted-foreground">
                <Prose text={action.description} />
              </p>
            )}
            <RequestPane
              key={key}
              connection={connection}
              action={action}
              asked={asked}
              draft={draft}
              onOptions={setOptions}
              runner={runner}
            />
          </>
        )}
      </Card>
      <ResponsePane
        connection={connection}
        action={action}
        asked={asked}
        runner={runner}
        onParameters={draft.setParameters}
      />
    </div>
  );
}

/** The address has it all, but for long parameters. */
function useShareCommand() {
  useCommands(
    useMemo(
      () => [
        {
          id: "copy-playground-link",
          label: "Copy a link to this request",
          run: () => void copyText(location.href),
        },
      ],
      [],
    ),
  );
}
