import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type GetUsageData, getUsageOptions } from "@/api";

const MINUTE_MS = 60_000;

export type UsageConditions = NonNullable<GetUsageData["query"]>;

/** Usage, kept current; the answer to the question before shows until there is one. */
export function useUsage(query: UsageConditions, enabled = true) {
  return useQuery({
    ...getUsageOptions({ query: { ...query, time_zone: timeZone() } }),
    placeholderData: keepPreviousData,
    refetchInterval: MINUTE_MS,
    enabled,
  });
}

/** The reader's: their days begin at its midnights. */
function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
