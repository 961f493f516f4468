import type { Bucket, UsageGroup } from "@/api";
import { type ExecutionFilters, filtersOf } from "@/components/execution-filters/filters";
import type { Dimension } from "@/components/execution-filters/values";
import { oneOf } from "@/lib/search-params";
import { type Preset, rangeOf, type TimeRange } from "@/lib/time-range";

export const USAGE_PRESETS = ["24h", "7d", "30d", "90d"] as const satisfies Preset[];

export const GROUPS = [
  "status",
  "integration",
  "action",
  "user",
  "connection",
  "error_code",
] as const satisfies UsageGroup[];

export type Group = (typeof GROUPS)[number];

export interface UsageSearch extends ExecutionFilters {
  bucket?: Bucket;
  /** What the chart tells apart; by default how they ended. */
  group_by?: Exclude<Group, "status">;
}

/** What usage can be filtered by. */
export const USAGE_DIMENSIONS = [
  "integration",
  "action",
  "connection_id",
  "user_id",
  "error_code",
] as const satisfies Dimension[];

const DAY_MS = 86_400_000;
/** As long as the gateway counts by hours. */
const LONGEST_BY_HOUR_MS = 31 * DAY_MS;
const USUALLY_BY_HOUR_MS = 3 * DAY_MS;

export function usageSearch(search: Record<string, unknown>): UsageSearch {
  return {
    ...filtersOf(search),
    q: undefined,
    bucket: oneOf(search.bucket, ["hour", "day"]),
    group_by: oneOf(search.group_by, ["integration", "action", "user", "connection", "error_code"]),
  };
}

export interface Steps extends TimeRange {
  from: string;
  bucket: Bucket;
  /** Whether it is short enough to be counted by hours. */
  byHour: boolean;
}

/** The time that is counted, and in which steps. Without a beginning, it is the last 30 days. */
export function stepsOf({ range, from, to, bucket }: UsageSearch, now = new Date()): Steps {
  const asked = rangeOf({ range, from, to }, now);
  const until = asked.to ? new Date(asked.to) : now;
  const since = asked.from ?? rangeOf({ range: "30d" }, until).from ?? until.toISOString();
  const span = until.getTime() - Date.parse(since);
  const byHour = span <= LONGEST_BY_HOUR_MS;
  const usual = span <= USUALLY_BY_HOUR_MS ? "hour" : "day";
  return { from: since, to: asked.to, bucket: byHour ? (bucket ?? usual) : "day", byHour };
}
