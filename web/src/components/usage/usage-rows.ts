import type { GroupOutput, UsageOutput, UsageRowOutput } from "@/api";
import type { Series } from "@/components/charts";

/** Executions of a step by how they ended, and how long they took. */
export interface Point {
  start: string;
  success: number;
  error: number;
  refused: number;
  other: number;
  rate: number | null;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** A point for each step, also for those in which nothing happened. */
export function pointsOf({ steps, data }: UsageOutput): Point[] {
  const rows = new Map(data.map((row) => [timeOf(row.start), row]));
  return steps.map((start) => pointOf(start, rows.get(timeOf(start))));
}

function pointOf(start: string, row: UsageRowOutput | undefined): Point {
  return {
    start,
    success: row?.success ?? 0,
    error: row?.error ?? 0,
    refused: row?.refused ?? 0,
    other: row ? row.started + row.unknown : 0,
    rate: row?.success_rate ?? null,
    p50: row?.p50_ms ?? null,
    p95: row?.p95_ms ?? null,
    p99: row?.p99_ms ?? null,
  };
}

/** Executions of a step by group: `g0` of the busiest, and so on. */
export type GroupPoint = { start: string } & Record<`g${number}`, number>;

export interface Grouped {
  points: GroupPoint[];
  series: Series<GroupPoint>[];
}

/** The busiest groups over time. `skip` leaves one out: those without an error, for one. */
export function groupedOf(usage: UsageOutput, skip: (group: GroupOutput) => boolean): Grouped {
  const groups = usage.groups.flatMap(({ group }) => (group && !skip(group) ? [group] : []));
  const columns = new Map(groups.map((group, index) => [keyOf(group), `g${index}` as const]));
  const points = new Map(usage.steps.map((start) => [timeOf(start), emptyPoint(start, groups.length)]));
  for (const { start, group, executions } of usage.data) {
    const point = points.get(timeOf(start));
    const column = group && columns.get(keyOf(group));
    if (point && column) point[column] = executions;
  }
  const series = groups.map((group, index): Series<GroupPoint> => {
    const label = nameOf(group);
    return { key: `g${index}`, label, ...(group.is_rest && { colour: "neutral" as const }) };
  });
  return { points: [...points.values()], series };
}

function emptyPoint(start: string, count: number): GroupPoint {
  return Object.assign({ start }, ...Array.from({ length: count }, (_, index) => ({ [`g${index}`]: 0 })));
}

export function keyOf({ id, is_rest }: GroupOutput): string {
  return is_rest ? "rest" : `id ${id}`;
}

/** What people call it. */
export function nameOf({ is_rest, name, label, id }: GroupOutput): string {
  if (is_rest) return "All others";
  return name ?? label ?? id ?? "None";
}

/** How much more than before, as a part of that; undefined where there was nothing. */
export function changeOf(now: number | null, before: number | null | undefined): number | undefined {
  return now === null || !before ? undefined : now / before - 1;
}

// The gateway writes the same moment alike everywhere, but that is nothing to rely on.
function timeOf(time: string | null): number {
  return time === null ? Number.NaN : Date.parse(time);
}
