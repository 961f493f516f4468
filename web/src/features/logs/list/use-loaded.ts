import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { type LogOutput, listLogsInfiniteOptions, listLogsInfiniteQueryKey, type PageLogOutput } from "@/api";
import type { LogConditions } from "@/components/execution-filters/filters";
import { PAGE } from "./use-live";

type Pages = InfiniteData<PageLogOutput>;

/** The list page by page, as it was when they were asked for. */
export function useLoaded(conditions: LogConditions) {
  const client = useQueryClient();
  const query = { ...conditions, payloads: false, limit: PAGE };
  const forgetPages = useCallback(() => {
    client.setQueryData<Pages>(keyOf(conditions), firstPage);
  }, [client, conditions]);
  // What is come back to begins with its first page, which is asked for anew: all that was scrolled past would be, too.
  useEffect(
    () => () => {
      forgetPages();
      void client.invalidateQueries({ queryKey: keyOf(conditions), exact: true, refetchType: "none" });
    },
    [forgetPages, client, conditions],
  );
  const found = useInfiniteQuery({
    ...listLogsInfiniteOptions({ query }),
    initialPageParam: {},
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    // New ones come by the stream. To load what is there anew, page by page, would take long.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: "always",
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    // To compare 100,000 with 100,200 rows takes longer than a frame.
    structuralSharing: false,
  });
  /** Has these instead, the list going on where it did; false while a page is coming, which would end that. */
  function replace(rows: readonly LogOutput[]): boolean {
    const key = keyOf(conditions);
    if (client.getQueryState(key)?.fetchStatus !== "idle") return false;
    return client.setQueryData<Pages>(key, (before) => before && asOnePage(before, rows)) !== undefined;
  }
  return { ...found, forgetPages, replace };
}

function keyOf(conditions: LogConditions) {
  return listLogsInfiniteQueryKey({ query: { ...conditions, payloads: false, limit: PAGE } });
}

function firstPage(data: Pages | undefined): Pages | undefined {
  return data && { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) };
}

function asOnePage({ pages, pageParams }: Pages, rows: readonly LogOutput[]): Pages {
  const last = pages.at(-1);
  return last
    ? { pages: [{ ...last, data: [...rows] }], pageParams: pageParams.slice(0, 1) }
    : { pages, pageParams };
}
