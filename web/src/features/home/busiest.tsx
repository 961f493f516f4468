import { Link } from "@tanstack/react-router";
import { Blocks } from "lucide-react";
import type { UsageRowOutput } from "@/api";
import { useWorkspace } from "@/app/session";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { ServiceLogo } from "@/components/service-logo";
import { Card, CardHeader } from "@/components/ui/card";
import { SkeletonRows } from "@/components/ui/skeleton";
import { formatNumber, formatPercent } from "@/lib/format";
import { BUSIEST, type HomeRange, useBusiest } from "./use-usage";

/** The integrations with most executions. */
export function Busiest({ workspaceId, range }: { workspaceId: string; range: HomeRange }) {
  const usage = useBusiest(workspaceId, range);
  const rows = usage.data?.groups.filter(({ group }) => group && !group.is_rest).slice(0, BUSIEST);
  const most = Math.max(1, ...(rows ?? []).map(({ executions }) => executions));
  return (
    <Card>
      <CardHeader title="Busiest integrations" />
      {usage.isPending && <SkeletonRows rows={4} />}
      {usage.isError && !rows && (
        <ErrorState error={usage.error} onRetry={() => usage.refetch()} className="py-8" />
      )}
      {rows?.length === 0 && (
        <EmptyState
          icon={Blocks}
          title="Nothing was executed"
          description="Not in this time."
          className="py-8"
        />
      )}
      {rows && rows.length > 0 && (
        <ul className="divide-y border-t">
          {rows.map((row) => (
            <Row key={row.group?.id ?? ""} row={row} most={most} range={range} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Row({ row, most, range }: { row: UsageRowOutput; most: number; range: HomeRange }) {
  const workspace = useWorkspace();
  const slug = row.group?.label ?? "";
  const name = row.group?.name ?? (slug || "Without an integration");
  return (
    <li>
      <Link
        to="/w/$workspaceId/logs"
        params={{ workspaceId: workspace.id }}
        search={{ integration: slug || undefined, range }}
        className="flex items-center gap-3 px-4 py-2 hover:bg-muted"
      >
        <ServiceLogo slug={slug} name={name} className="size-6" />
        <span className="min-w-0 flex-1">
          <span className="flex justify-between gap-3">
            <span className="truncate font-medium">{name}</span>
            <span className="shrink-0 tabular-nums">
              {formatNumber(row.executions)}
              {row.success_rate !== null && (
                <span className="text-muted-foreground"> · {formatPercent(row.success_rate)} ok</span>
              )}
            </span>
          </span>
          <span className="mt-1 block h-1 rounded-full bg-muted">
            <span
              className="block h-full rounded-full bg-chart-1"
              style={{ width: `${(row.executions / most) * 100}%` }}
            />
          </span>
        </span>
      </Link>
    </li>
  );
}
