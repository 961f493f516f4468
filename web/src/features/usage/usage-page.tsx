import { Link, useSearch } from "@tanstack/react-router";
import { ChartColumn, ScrollText } from "lucide-react";
import { useMemo } from "react";
import type { Bucket } from "@/api";
import { useWorkspace } from "@/app/session";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { conditionsOf, type ExecutionFilters, filtersOf } from "@/components/execution-filters/filters";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { UsageFigures } from "@/components/usage/usage-figures";
import { useSearchPatch } from "@/components/use-search-patch";
import { useMinute } from "@/lib/use-minute";
import { BreakdownCard } from "./breakdown";
import { BREAKDOWNS } from "./breakdowns";
import { OverTime } from "./over-time";
import { type Group, stepsOf, type UsageSearch } from "./search";
import { UsageFilterBar } from "./usage-filter-bar";
import { useUsage } from "./use-usage";

const FROM = "/w/$workspaceId/usage";

/** What was executed, counted by the gateway. */
export function UsagePage() {
  const { id: workspaceId } = useWorkspace();
  const search = useSearch({ from: FROM });
  const { conditions, byHour } = useConditions(search, workspaceId);
  const usage = useUsage({ ...conditions, previous: true });
  const patch = useSearchPatch();
  const group: Group = search.group_by ?? "status";
  const filters = logFilters(search);
  const empty = usage.data?.total.executions === 0 && !usage.isPlaceholderData;
  return (
    <Page>
      <PageHeader
        title="Usage"
        actions={
          <Button asChild>
            <Link to="/w/$workspaceId/logs" params={{ workspaceId }} search={filters}>
              <ScrollText aria-hidden /> Open in the log
            </Link>
          </Button>
        }
      />
      <UsageFilterBar search={search} conditions={conditions} byHour={byHour} />
      {usage.error && !usage.data ? (
        <Card>
          <ErrorState error={usage.error} onRetry={() => void usage.refetch()} />
        </Card>
      ) : (
        <>
          <UsageFigures tail usage={usage.data} />
          {empty ? (
            <Nothing />
          ) : (
            <>
              <OverTime
                usage={usage.data}
                conditions={conditions}
                group={group}
                onGroup={(next) => patch({ group_by: next === "status" ? undefined : next })}
                onZoom={(from, last) => patch({ ...zoomed(from, last, conditions.bucket) })}
              />
              <div className="grid gap-5 lg:grid-cols-2">
                {BREAKDOWNS.map((breakdown) => (
                  <BreakdownCard
                    key={breakdown.group_by}
                    breakdown={breakdown}
                    workspaceId={workspaceId}
                    conditions={conditions}
                    filters={filters}
                    onFilter={(change) => patch({ ...change })}
                  />
                ))}
              </div>
            </>
          )}
        </>
      )}
    </Page>
  );
}

/** The question to the gateway; the same object until the time has moved on. */
function useConditions(search: UsageSearch, workspaceId: string) {
  const minute = useMinute();
  const { byHour, ...steps } = stepsOf(search, new Date(minute));
  const { from: _from, to: _to, q: _q, ...others } = conditionsOf(filtersOf(search), workspaceId);
  const key = JSON.stringify({ ...others, ...steps });
  const conditions = useMemo(() => JSON.parse(key) as typeof others & Omit<typeof steps, "byHour">, [key]);
  return { conditions, byHour };
}

/** The same executions in the log. */
function logFilters(search: UsageSearch): ExecutionFilters {
  const filters = filtersOf(search);
  const { range, from, to } = filters;
  return range || from || to ? filters : { ...filters, range: "30d" };
}

/** The time from the beginning of one step to the end of another. */
function zoomed(from: string, last: string, bucket: Bucket): UsageSearch {
  const end = new Date(last);
  if (bucket === "hour") end.setTime(end.getTime() + 3_600_000);
  else end.setDate(end.getDate() + 1);
  return { range: undefined, from: new Date(from).toISOString(), to: end.toISOString(), bucket: undefined };
}

function Nothing() {
  const { id: workspaceId } = useWorkspace();
  return (
    <Card>
      <EmptyState
        icon={ChartColumn}
        title="Nothing was executed in this time"
        description="Choose a longer time or fewer filters, or run an action."
        action={
          <Button asChild>
            <Link to="/w/$workspaceId/playground" params={{ workspaceId }}>
              Open the playground
            </Link>
          </Button>
        }
      />
    </Card>
  );
}
