import { useMemo } from "react";
import type { UsageOutput } from "@/api";
import { Chart } from "@/components/charts";
import { Card, CardContent, CardHeader } from "@/components/ui/card";
import { Select } from "@/components/ui/input";
import { groupedOf, type Point, pointsOf } from "@/components/usage/usage-rows";
import { formatCompact, formatDuration, formatPercent } from "@/lib/format";
import { GROUPS, type Group } from "./search";
import { type UsageConditions, useUsage } from "./use-usage";

const GROUP_WORDS: Record<Group, string> = {
  status: "status",
  integration: "integration",
  action: "action",
  user: "user",
  connection: "connection",
  error_code: "error code",
};
/** As many as the charts have colours for. */
const TOLD_APART = 5;

interface OverTimeProps {
  usage: UsageOutput | undefined;
  conditions: UsageConditions;
  group: Group;
  onGroup: (group: Group) => void;
  onZoom: (from: string, to: string) => void;
}

/** How many, how well and how quickly, step by step. */
export function OverTime({ usage, conditions, group, onGroup, onZoom }: OverTimeProps) {
  const points = useMemo(() => usage && pointsOf(usage), [usage]);
  const step = usage?.bucket ?? "day";
  return (
    <>
      <Card>
        <CardHeader title="Executions">
          <GroupSelect value={group} onChange={onGroup} />
        </CardHeader>
        <CardContent>
          {group === "status" ? (
            <Chart
              label={`Executions by ${step} and status`}
              kind="bar"
              stacked
              rows={points}
              x="start"
              series={[
                { key: "success", label: "Success", colour: "success" },
                { key: "error", label: "Error", colour: "danger" },
                { key: "refused", label: "Refused", colour: "warning" },
                { key: "other", label: "Running or unknown", colour: "neutral" },
              ]}
              format={formatCompact}
              onZoom={onZoom}
              className="h-64"
            />
          ) : (
            <GroupChart conditions={conditions} group={group} onZoom={onZoom} />
          )}
        </CardContent>
      </Card>
      <div className="grid gap-5 lg:grid-cols-2">
        <Card>
          <CardHeader title="Success rate" />
          <CardContent>
            <Chart
              label={`Success rate by ${step}`}
              kind="line"
              rows={points}
              x="start"
              series={[{ key: "rate", label: "Success rate", colour: "success" }]}
              format={formatPercent}
              domain={points && rateDomain(points)}
              onZoom={onZoom}
              className="h-48"
            />
          </CardContent>
        </Card>
        <Card>
          <CardHeader title="Duration" />
          <CardContent>
            <Chart
              label={`Duration by ${step}`}
              kind="line"
              rows={points}
              x="start"
              series={[
                { key: "p50", label: "Median", colour: "1" },
                { key: "p95", label: "95th percentile", colour: "2" },
                { key: "p99", label: "99th percentile", colour: "3", dashed: true },
              ]}
              format={shortDuration}
              onZoom={onZoom}
              className="h-48"
            />
          </CardContent>
        </Card>
      </div>
    </>
  );
}

/** From below the worst, in steps of five percent: a line along the top would say little. */
function rateDomain(points: readonly Point[]): [number, number] {
  const worst = Math.min(1, ...points.flatMap(({ rate }) => rate ?? []));
  return [Math.max(0, Math.floor((worst - 0.01) * 20) / 20), 1];
}

function shortDuration(ms: number): string {
  return ms === 0 ? "0" : formatDuration(ms);
}

function GroupSelect({ value, onChange }: { value: Group; onChange: (group: Group) => void }) {
  return (
    <Select
      aria-label="Executions by"
      value={value}
      onChange={(event) => onChange(event.target.value as Group)}
      className="w-auto"
    >
      {GROUPS.map((group) => (
        <option key={group} value={group}>
          By {GROUP_WORDS[group]}
        </option>
      ))}
    </Select>
  );
}

type GroupChartProps = Pick<OverTimeProps, "conditions" | "onZoom"> & { group: Exclude<Group, "status"> };

/** The busiest, and all others together. */
function GroupChart({ conditions, group, onZoom }: GroupChartProps) {
  const { data, error, refetch } = useUsage({
    ...conditions,
    ...(group === "error_code" && { status: ["error", "refused", "unknown"] }),
    group_by: group,
    top: TOLD_APART,
  });
  const grouped = useMemo(() => data && groupedOf(data, ({ id, is_rest }) => !id && !is_rest), [data]);
  return (
    <Chart
      label={`Executions by ${conditions.bucket} and ${GROUP_WORDS[group]}`}
      kind="bar"
      stacked
      rows={grouped && (grouped.series.length > 0 ? grouped.points : [])}
      x="start"
      series={grouped?.series ?? []}
      format={formatCompact}
      error={error}
      onRetry={() => void refetch()}
      onZoom={onZoom}
      className="h-64"
    />
  );
}
