import type { ExecutionStatus, ListLogsData } from "@/api";
import { manyOf, one, wholeNumber } from "@/lib/search-params";
import { type RangeSearch, rangeOf, rangeSearch } from "@/lib/time-range";

export const STATUSES = [
  "success",
  "error",
  "refused",
  "started",
  "unknown",
] as const satisfies ExecutionStatus[];

/** Which executions are meant, as a page's address says it. */
export interface ExecutionFilters extends RangeSearch {
  q?: string;
  status?: ExecutionStatus[];
  integration?: string;
  action?: string;
  connection_id?: string;
  user_id?: string;
  status_code?: number;
  error_code?: string;
}

/** What the gateway is asked for. */
export type LogConditions = Omit<NonNullable<ListLogsData["query"]>, "limit" | "cursor" | "payloads">;

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Reads the address. What the gateway would refuse is left out. */
export function filtersOf(search: object): ExecutionFilters {
  const from = search as Record<string, unknown>;
  return {
    ...rangeSearch(from),
    q: one(from.q),
    status: manyOf(from.status, STATUSES),
    integration: one(from.integration),
    action: one(from.action),
    connection_id: uuid(from.connection_id),
    user_id: uuid(from.user_id),
    status_code: statusCode(from.status_code),
    error_code: one(from.error_code),
  };
}

export function uuid(value: unknown): string | undefined {
  const text = one(value);
  return text && UUID.test(text) ? text.toLowerCase() : undefined;
}

function statusCode(value: unknown): number | undefined {
  const code = wholeNumber(typeof value === "number" ? String(value) : value);
  return code !== undefined && code >= 100 && code <= 599 ? code : undefined;
}

/** The question to the gateway. */
export function conditionsOf(
  filters: ExecutionFilters,
  workspaceId: string,
  now = new Date(),
): LogConditions {
  const { range, from, to, ...others } = filters;
  return { workspace_id: workspaceId, ...rangeOf({ range, from, to }, now), ...others };
}

export function isFiltered(filters: ExecutionFilters): boolean {
  return Object.values(filters).some((value) => value !== undefined);
}

/** A change of the address that takes all filters away. */
export const NO_FILTERS: Record<keyof ExecutionFilters, undefined> = {
  range: undefined,
  from: undefined,
  to: undefined,
  q: undefined,
  status: undefined,
  integration: undefined,
  action: undefined,
  connection_id: undefined,
  user_id: undefined,
  status_code: undefined,
  error_code: undefined,
};
