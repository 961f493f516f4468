import type { QueryClient } from "@tanstack/react-query";
import { getWebhookQueryKey, listDeliveriesQueryKey, listWebhooksQueryKey } from "@/api";

/** After a webhook has changed, or something was sent to it. */
export async function refreshWebhooks(client: QueryClient, webhook_id?: string): Promise<void> {
  await client.invalidateQueries({ queryKey: listWebhooksQueryKey() });
  if (!webhook_id) return;
  const path = { webhook_id };
  await Promise.all([
    client.invalidateQueries({ queryKey: getWebhookQueryKey({ path }) }),
    client.invalidateQueries({ queryKey: listDeliveriesQueryKey({ path }) }),
  ]);
}
