import type { QueryClient } from "@tanstack/react-query";

const OF_CONNECTIONS = new Set([
  "listConnections",
  "getConnection",
  "listIntegrations",
  "getIntegration",
  "listConnectLinks",
]);

/** Loads anew what shows connections, after one was made, changed or deleted. */
export async function refreshConnections(client: QueryClient): Promise<void> {
  await client.invalidateQueries({
    predicate: ({ queryKey: [key] }) =>
      typeof key === "object" && key !== null && "_id" in key && OF_CONNECTIONS.has(String(key._id)),
  });
}
