import { getRouteApi } from "@tanstack/react-router";
import { useWorkspace } from "@/app/session";
import { ErrorState } from "@/components/error-state";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { TimeRangeSelect } from "@/components/time-range-select";
import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { UsageFigures } from "@/components/usage/usage-figures";
import { useSearchPatch } from "@/components/use-search-patch";
import { Attention } from "./attention";
import { Busiest } from "./busiest";
import { FirstSteps, useStepsKnown } from "./first-steps";
import { Latest } from "./latest";
import { OverTime } from "./over-time";
import { HOME_RANGES, type HomeRange, useUsage } from "./use-usage";

const route = getRouteApi("/w/$workspaceId/home");

/** What runs, how well, and what somebody has to look after. */
export function HomePage() {
  const workspace = useWorkspace();
  const { range = "24h" } = route.useSearch();
  const patch = useSearchPatch();
  const usage = useUsage(workspace.id, range);
  const stepsKnown = useStepsKnown(workspace.id);
  return (
    <Page>
      <PageHeader
        title="Home"
        actions={
          <TimeRangeSelect
            presets={HOME_RANGES}
            presetsOnly
            value={{ range }}
            onChange={({ range: chosen }) => patch({ range: chosen as HomeRange | undefined })}
          />
        }
      />
      {stepsKnown ? <Overview workspaceId={workspace.id} range={range} usage={usage} /> : <Loading />}
    </Page>
  );
}

function Loading() {
  return (
    <>
      <Skeleton className="h-20" />
      <Skeleton className="h-80" />
    </>
  );
}

interface OverviewProps {
  workspaceId: string;
  range: HomeRange;
  usage: ReturnType<typeof useUsage>;
}

function Overview({ workspaceId, range, usage }: OverviewProps) {
  return (
    <>
      <FirstSteps workspaceId={workspaceId} />
      {usage.isError && !usage.data ? (
        <Card>
          <ErrorState
            title="The executions could not be counted"
            error={usage.error}
            onRetry={() => usage.refetch()}
          />
        </Card>
      ) : (
        <>
          <UsageFigures usage={usage.data} />
          <OverTime usage={usage.data} />
          <div className="grid gap-5 lg:grid-cols-2">
            <Busiest workspaceId={workspaceId} range={range} />
            <Attention workspaceId={workspaceId} />
          </div>
        </>
      )}
      <Latest workspaceId={workspaceId} />
    </>
  );
}
