import { type ExecutionFilters, filtersOf, uuid } from "@/components/execution-filters/filters";
import { oneOf } from "@/lib/search-params";

export interface LogsSearch extends ExecutionFilters {
  /** New ones are not shown as they come. */
  live?: "off";
  /** The one whose details are shown. */
  execution?: string;
}

export function logsSearch(search: Record<string, unknown>): LogsSearch {
  return {
    ...filtersOf(search),
    live: oneOf(search.live, ["off"]),
    execution: uuid(search.execution),
  };
}
