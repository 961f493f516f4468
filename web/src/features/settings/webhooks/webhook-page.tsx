import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { getWebhookOptions, type WebhookOutput } from "@/api";
import type { Crumb } from "@/app/page-title";
import { useWorkspace } from "@/app/session";
import { CopyId } from "@/components/copy-id";
import { ErrorState } from "@/components/error-state";
import { Page } from "@/components/page";
import { StateBadge } from "@/components/status-badge";
import { TimeAgo } from "@/components/time-ago";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { SkeletonRows } from "@/components/ui/skeleton";
import { SettingsHeader } from "../settings-header";
import { Deliveries } from "./deliveries";
import { WebhookActions } from "./webhook-actions";
import { lookOf } from "./words";

/** One webhook, and what was sent to it. */
export function WebhookPage() {
  const { webhookId } = useParams({ from: "/w/$workspaceId/settings/webhooks/$webhookId" });
  const found = useQuery(getWebhookOptions({ path: { webhook_id: webhookId } }));
  const webhook = found.data;
  const look = webhook && lookOf(webhook);
  return (
    <Page fill>
      <SettingsHeader
        title={webhook ? hostOf(webhook.url) : "Webhook"}
        parent={useParent()}
        badge={
          look && (
            <StateBadge tone={look.tone} icon={look.icon}>
              {look.word}
            </StateBadge>
          )
        }
        actions={webhook && <WebhookActions webhook={webhook} />}
      />
      {found.error && !webhook ? (
        <ErrorState error={found.error} onRetry={() => void found.refetch()} />
      ) : webhook ? (
        <>
          <Facts webhook={webhook} />
          <Deliveries webhookId={webhook.id} />
        </>
      ) : (
        <SkeletonRows rows={4} />
      )}
    </Page>
  );
}

function useParent(): Crumb {
  const { id: workspaceId } = useWorkspace();
  return useMemo(
    () => ({
      label: "Webhooks",
      link: { to: "/w/$workspaceId/settings/webhooks", params: { workspaceId } },
    }),
    [workspaceId],
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

function Facts({ webhook }: { webhook: WebhookOutput }) {
  const { why } = lookOf(webhook);
  return (
    <Card className="flex flex-col gap-2 px-4 py-3">
      <CopyId id={webhook.url} className="text-foreground text-sm" />
      <div className="flex flex-wrap items-center gap-1.5">
        {webhook.events.map((event) => (
          <Badge key={event} className="font-mono font-normal">
            {event}
          </Badge>
        ))}
      </div>
      <p className="text-muted-foreground">
        {webhook.description && `${webhook.description} · `}
        Made <TimeAgo time={webhook.created_at} />
        {webhook.failing_since && !webhook.disabled_at && (
          <>
            {" "}
            · failing since <TimeAgo time={webhook.failing_since} />
          </>
        )}
      </p>
      {why && <p>{why}</p>}
    </Card>
  );
}
