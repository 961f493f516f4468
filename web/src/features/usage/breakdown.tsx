import { Link } from "@tanstack/react-router";
import { ChevronDown, ScrollText } from "lucide-react";
import { useState } from "react";
import type { GroupOutput, UsageRowOutput } from "@/api";
import { ErrorState } from "@/components/error-state";
import type { ExecutionFilters } from "@/components/execution-filters/filters";
import { ServiceLogo } from "@/components/service-logo";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { SkeletonRows } from "@/components/ui/skeleton";
import { Table, TableCell, TableHead, TableRow } from "@/components/ui/table";
import { keyOf, nameOf } from "@/components/usage/usage-rows";
import { cn } from "@/lib/cn";
import { formatDuration, formatNumber, formatPercent } from "@/lib/format";
import { type UsageConditions, useUsage } from "./use-usage";

const FEW = 6;
const MANY = 20;

export interface Breakdown {
  title: string;
  group_by: NonNullable<UsageConditions["group_by"]>;
  /** Of these executions alone. */
  status?: UsageConditions["status"];
  /** The filter that means the group; undefined where there is none. */
  filterOf: (group: GroupOutput) => ExecutionFilters | undefined;
}

interface BreakdownCardProps {
  breakdown: Breakdown;
  workspaceId: string;
  conditions: UsageConditions;
  /** The page's own filters, for the way to the log. */
  filters: ExecutionFilters;
  onFilter: (change: ExecutionFilters) => void;
}

/** Who or what had most executions: a click filters the page, the other leads to the log. */
export function BreakdownCard({ breakdown, workspaceId, conditions, filters, onFilter }: BreakdownCardProps) {
  const { title, group_by, status, filterOf } = breakdown;
  const [top, setTop] = useState(FEW);
  // By day, whatever the charts do: only the sums are shown.
  const asked = { ...conditions, ...(status && { status }), group_by, bucket: "day" as const, top };
  const { data, error, refetch } = useUsage(asked);
  const rows = data?.groups.filter(({ group }) => group && !(status && !group.id && !group.is_rest));
  const most = Math.max(1, ...(rows ?? []).map(({ group, executions }) => (group?.is_rest ? 0 : executions)));
  const more = top === FEW && rows?.some(({ group }) => group?.is_rest);
  return (
    <Card className="flex flex-col">
      <CardHeader title={title} />
      {error && !data && <ErrorState error={error} onRetry={() => void refetch()} className="py-6" />}
      {!error && !rows && <SkeletonRows rows={FEW} className="border-t" />}
      {rows?.length === 0 && (
        <p className="border-t px-4 py-6 text-muted-foreground">
          {status ? "No errors in this time." : "Nothing in this time."}
        </p>
      )}
      {rows && rows.length > 0 && (
        <Table aria-label={title}>
          <Head ofErrors={Boolean(status)} />
          <tbody>
            {rows.map((row) => (
              <Row
                key={row.group ? keyOf(row.group) : ""}
                row={row}
                most={most}
                whole={status && data?.total.executions}
                filter={row.group ? filterOf(row.group) : undefined}
                logs={{ workspaceId, filters: { ...filters, ...(status && { status }) } }}
                onFilter={onFilter}
              />
            ))}
          </tbody>
        </Table>
      )}
      {more && (
        <div className="mt-auto border-t p-1">
          <Button variant="ghost" size="sm" className="w-full" onClick={() => setTop(MANY)}>
            <ChevronDown aria-hidden /> Show more
          </Button>
        </div>
      )}
    </Card>
  );
}

function Head({ ofErrors }: { ofErrors: boolean }) {
  return (
    <thead>
      <tr>
        <TableHead className="w-full">Name</TableHead>
        <TableHead className="px-2 text-right">Executions</TableHead>
        <TableHead className="px-2 text-right">{ofErrors ? "Share" : "Success"}</TableHead>
        {!ofErrors && <TableHead className="hidden px-2 text-right sm:table-cell">95 % within</TableHead>}
        <TableHead className="pr-3 pl-0">
          <span className="sr-only">Logs</span>
        </TableHead>
      </tr>
    </thead>
  );
}

interface RowProps {
  row: UsageRowOutput;
  most: number;
  /** What its share is of; without it, the success rate is shown. */
  whole?: number;
  filter: ExecutionFilters | undefined;
  logs: { workspaceId: string; filters: ExecutionFilters };
  onFilter: (change: ExecutionFilters) => void;
}

function Row({ row, most, whole, filter, logs, onFilter }: RowProps) {
  const { group, executions, success_rate, p95_ms } = row;
  const name = group ? nameOf(group) : "";
  const part = whole === undefined ? success_rate : executions / Math.max(1, whole);
  return (
    <TableRow>
      <TableCell className="relative max-w-0">
        {!group?.is_rest && (
          <span
            aria-hidden
            className="absolute inset-y-1.5 left-2 rounded-sm bg-primary-soft"
            style={{ width: `calc((100% - 0.5rem) * ${executions / most})` }}
          />
        )}
        <GroupName group={group} name={name} onClick={filter && (() => onFilter(filter))} />
      </TableCell>
      <TableCell className="px-2 text-right">{formatNumber(executions)}</TableCell>
      <TableCell className="px-2 text-right whitespace-nowrap">
        {part === null ? "–" : formatPercent(part)}
      </TableCell>
      {whole === undefined && (
        <TableCell className="hidden px-2 text-right whitespace-nowrap sm:table-cell">
          {formatDuration(p95_ms)}
        </TableCell>
      )}
      <TableCell className="w-px pr-3 pl-0 text-right">
        {filter && (
          <Button asChild variant="ghost" size="icon-sm">
            <Link
              to="/w/$workspaceId/logs"
              params={{ workspaceId: logs.workspaceId }}
              search={{ ...logs.filters, ...filter }}
              aria-label={`Logs of ${name}`}
              title="Open in the log"
            >
              <ScrollText aria-hidden />
            </Link>
          </Button>
        )}
      </TableCell>
    </TableRow>
  );
}

interface GroupNameProps {
  group: GroupOutput | null;
  name: string;
  onClick: (() => void) | undefined;
}

function GroupName({ group, name, onClick }: GroupNameProps) {
  const content = (
    <>
      {group?.integration && (
        <ServiceLogo slug={group.integration} name={group.integration} className="size-5" />
      )}
      <span className="truncate">{name}</span>
    </>
  );
  const classes = "relative flex max-w-full items-center gap-2 rounded-sm text-left";
  if (!onClick) return <span className={cn(classes, "text-muted-foreground")}>{content}</span>;
  return (
    <button type="button" title={`Only ${name}`} onClick={onClick} className={cn(classes, "hover:underline")}>
      {content}
    </button>
  );
}
