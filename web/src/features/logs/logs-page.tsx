import { useRouter, useSearch } from "@tanstack/react-router";
import { useMemo, useRef } from "react";
import { useWorkspace } from "@/app/session";
import { InlineError } from "@/components/error-state";
import { conditionsOf, filtersOf, isFiltered, NO_FILTERS } from "@/components/execution-filters/filters";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { Skeleton } from "@/components/ui/skeleton";
import { useSearchPatch } from "@/components/use-search-patch";
import { formatNumber } from "@/lib/format";
import { useMinute } from "@/lib/use-minute";
import { ExecutionDrawer } from "./detail/execution-drawer";
import { ExportMenu } from "./list/export-menu";
import { LiveToggle } from "./list/live-toggle";
import { LogTable } from "./list/log-table";
import { type Logs, useLogs } from "./list/use-logs";
import { LogFilterBar } from "./log-filter-bar";

const FROM = "/w/$workspaceId/logs";

export function LogsPage() {
  const { id: workspaceId } = useWorkspace();
  const filters = useSearch({ from: FROM, select: filtersOf, structuralSharing: true });
  const { execution, live } = useSearch({ from: FROM });
  const conditions = useMemo(() => conditionsOf(filters, workspaceId), [filters, workspaceId]);
  const minute = useMinute();
  const current = useMemo(
    () => conditionsOf(filters, workspaceId, new Date(minute)),
    [filters, workspaceId, minute],
  );
  // What is over brings nothing new.
  const follow = live !== "off" && filters.to === undefined;
  const logs = useLogs(conditions, current, follow);
  const patch = useSearchPatch();
  const { history } = useRouter();
  // The first that is opened is a step for "Back", going on to others is none; to close it is that step back.
  const openedOver = useRef<typeof filters>(undefined);
  function open(id: string) {
    if (execution === undefined) openedOver.current = filters;
    patch({ execution: id }, { push: execution === undefined });
  }
  function close() {
    if (openedOver.current === filters) history.back();
    else patch({ execution: undefined });
    openedOver.current = undefined;
  }
  return (
    <Page fill width="full" className="gap-4">
      <PageHeader title="Logs" actions={<ExportMenu conditions={current} />} />
      <LogFilterBar
        filters={filters}
        conditions={conditions}
        end={
          <>
            <Total total={logs.total} />
            <LiveToggle
              state={logs.live}
              disabled={filters.to !== undefined}
              onChange={(on) => patch({ live: on ? undefined : "off" })}
            />
          </>
        }
      />
      {typeof logs.live === "object" && !logs.error && <InlineError error={logs.live} />}
      <LogTable
        // Others begin at their newest.
        key={JSON.stringify(conditions)}
        logs={logs}
        openId={execution}
        onOpen={({ id }) => open(id)}
        onClear={isFiltered(filters) ? () => patch(NO_FILTERS) : undefined}
      />
      <ExecutionDrawer id={execution} rows={logs.rows} onOpen={open} onClose={close} onFilter={patch} />
    </Page>
  );
}

/** How many there are, as wide while it is being counted. */
function Total({ total }: Pick<Logs, "total">) {
  if (!total) return <Skeleton className="w-28" />;
  const { count, exact } = total;
  return (
    <span aria-live="polite" className="min-w-28 text-right whitespace-nowrap">
      {formatNumber(count)}
      {!exact && "+"} {count === 1 ? "execution" : "executions"}
    </span>
  );
}
