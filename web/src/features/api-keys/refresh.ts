import type { QueryClient } from "@tanstack/react-query";
import { getApiKeyQueryKey, listApiKeysQueryKey } from "@/api";

/** After a key was made or revoked. */
export async function refreshKeys(client: QueryClient, id?: string): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: listApiKeysQueryKey() }),
    id && client.invalidateQueries({ queryKey: getApiKeyQueryKey({ path: { api_key_id: id } }) }),
  ]);
}
