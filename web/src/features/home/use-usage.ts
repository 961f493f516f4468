import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { type GetUsageData, getUsageOptions } from "@/api";
import { rangeOf } from "@/lib/time-range";

export const HOME_RANGES = ["24h", "7d", "30d"] as const;

export type HomeRange = (typeof HOME_RANGES)[number];

/** How many integrations are told apart. */
export const BUSIEST = 6;

const MINUTE = 60_000;

/** Executions of a workspace over a time that ends now, and of the time before for comparison. */
export function useUsage(workspaceId: string, range: HomeRange) {
  return useCounted(workspaceId, range, { previous: true });
}

/** The same, told apart by the integrations with most executions. */
export function useBusiest(workspaceId: string, range: HomeRange) {
  return useCounted(workspaceId, range, { group_by: "integration", top: BUSIEST });
}

function useCounted(workspaceId: string, range: HomeRange, more: GetUsageData["query"]) {
  return useQuery(
    queryOptions({
      ...getUsageOptions({
        query: {
          workspace_id: workspaceId,
          from: rangeOf({ range }).from,
          bucket: range === "30d" ? "day" : "hour",
          time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
          ...more,
        },
      }),
      placeholderData: keepPreviousData,
      refetchInterval: MINUTE,
    }),
  );
}
