import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { countLogsOptions, countLogsQueryKey } from "@/api";
import type { LogConditions } from "@/components/execution-filters/filters";

/** How many there are, with those that were added to the list since they were counted. */
export function useTotal(conditions: LogConditions, added: number) {
  const client = useQueryClient();
  const { data, dataUpdatedAt, isPlaceholderData, refetch } = useQuery({
    ...countLogsOptions({ query: conditions }),
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const counted = useRef({ at: 0, added: 0 });
  if (!isPlaceholderData && counted.current.at !== dataUpdatedAt)
    counted.current = { at: dataUpdatedAt, added };
  const since = Math.max(0, added - counted.current.added);
  const total = data?.exact ? { ...data, count: data.count + since } : data;
  /** Those that were added are of the list itself by now. */
  function keep() {
    if (!isPlaceholderData && total) client.setQueryData(countLogsQueryKey({ query: conditions }), total);
  }
  return { total, refetch, keep };
}
