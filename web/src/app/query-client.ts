import { QueryClient } from "@tanstack/react-query";
import { problemOf } from "@/api";

const MINUTE = 60_000;

/** What was loaded shows at once and is loaded anew behind it; a list stays while its filters change. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // The gateway may be on this very machine, or in a house without the Internet: a request is always tried.
      mutations: { networkMode: "always" },
      queries: {
        networkMode: "always",
        refetchOnReconnect: true,
        staleTime: MINUTE / 4,
        gcTime: 15 * MINUTE,
        retry: (failures, error) => failures < 2 && problemOf(error).temporary,
        placeholderData: keptList,
      },
    },
  });
}

/** A query of one thing (its key has a path) must not show another thing while it loads. */
function keptList(before: unknown, query: { queryKey: readonly unknown[] } | undefined): unknown {
  const key = query?.queryKey[0];
  const ofOneThing = typeof key === "object" && key !== null && "path" in key;
  return ofOneThing ? undefined : before;
}
