import type { UseInfiniteQueryResult } from "@tanstack/react-query";

/** What a table is told of a list that comes page by page. */
export function pagesOf<Data, Fault>(found: UseInfiniteQueryResult<Data, Fault>) {
  const { error, hasNextPage, isFetching, isFetchingNextPage, isFetchNextPageError } = found;
  return {
    error,
    loadingMore: isFetchingNextPage,
    moreFailed: isFetchNextPageError,
    onEndReached: () => {
      if (hasNextPage && !isFetching) void found.fetchNextPage();
    },
    onRetry: () => void (isFetchNextPageError ? found.fetchNextPage() : found.refetch()),
  };
}
