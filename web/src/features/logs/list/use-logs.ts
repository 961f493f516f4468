import { useEffect, useMemo } from "react";
import type { LogOutput } from "@/api";
import type { LogConditions } from "@/components/execution-filters/filters";
import { notBefore, withLive } from "./live-rows";
import { type LiveState, PAGE, useLive } from "./use-live";
import { useLoaded } from "./use-loaded";
import { useTotal } from "./use-total";

export interface Logs {
  /** Newest first; undefined while the first are loading. */
  rows: readonly LogOutput[] | undefined;
  error: unknown;
  /** Loads again what failed. */
  retry: () => void;
  loadMore: () => void;
  loadingMore: boolean;
  moreFailed: boolean;
  /** Others are being loaded, those of the filters before still show. */
  outdated: boolean;
  live: LiveState;
  /** How many there are; at least so many where it is not `exact`. */
  total: { count: number; exact: boolean } | undefined;
}

/** So many changes are looked through with each that comes; then they become part of what is loaded. */
const MOST_LIVE = 2000;

/**
 * Executions that fit, as far as they were scrolled to, and as they come.
 *
 * `current` is the same with a beginning that has moved on: what is older by now goes, without loading all anew.
 */
export function useLogs(conditions: LogConditions, current: LogConditions, follow: boolean): Logs {
  const found = useLoaded(conditions);
  const loaded = useMemo(() => found.data?.pages.flatMap((page) => page.data), [found.data]);
  const live = useLive(conditions, follow, {
    onGap: anew,
    // It compares with the newest ones of a list.
    has: ({ id }) => loaded?.slice(0, PAGE).some((row) => row.id === id) ?? true,
  });
  const shown = found.isPlaceholderData ? undefined : live.rows;
  const all = useMemo(() => loaded && (shown ? withLive(loaded, shown) : loaded), [loaded, shown]);
  const begin = found.isPlaceholderData ? undefined : current.from;
  const rows = useMemo(() => all && notBefore(all, begin), [all, begin]);
  const count = useTotal(current, all && loaded ? all.length - loaded.length : 0);
  useEffect(() => {
    if (!all || !shown || shown.size <= MOST_LIVE || !found.replace(all)) return;
    count.keep();
    live.drop(shown);
  });
  function anew() {
    found.forgetPages();
    void found.refetch();
    void count.refetch();
  }
  return {
    rows,
    error: found.error,
    retry: () => (found.isFetchNextPageError ? void found.fetchNextPage() : anew()),
    loadMore: () => {
      const isWhole = !found.hasNextPage || rows?.length !== all?.length;
      if (!isWhole && !found.isFetching) void found.fetchNextPage();
    },
    loadingMore: found.isFetchingNextPage,
    moreFailed: found.isFetchNextPageError,
    outdated: found.isPlaceholderData,
    live: live.state,
    total: count.total,
  };
}
