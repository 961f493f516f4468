import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus, Webhook } from "lucide-react";
import { useMemo } from "react";
import { listWebhooksInfiniteOptions, type WebhookOutput } from "@/api";
import { useWorkspace } from "@/app/session";
import { type Column, DataTable, pagesOf } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { GuardedButton } from "@/components/guarded-button";
import { Page } from "@/components/page";
import { StateBadge } from "@/components/status-badge";
import { TimeAgo } from "@/components/time-ago";
import { useSearchPatch } from "@/components/use-search-patch";
import { useOrganization } from "../organization";
import { SettingsHeader } from "../settings-header";
import { CreateWebhookDialog } from "./create-webhook-dialog";
import { lookOf } from "./words";

/** Addresses that the organization's events are sent to. */
export function WebhooksPage() {
  const { create } = useSearch({ from: "/w/$workspaceId/settings/webhooks" });
  const { organization_name } = useWorkspace();
  const patch = useSearchPatch();
  const may = useOrganization()?.can.manage_webhooks;
  return (
    <Page fill>
      <SettingsHeader
        title="Webhooks"
        description={`What happens in ${organization_name} is sent to these addresses, signed.`}
        actions={may !== false && <CreateButton />}
      />
      {may === false ? <NotYours /> : <Webhooks />}
      <CreateWebhookDialog
        open={create !== undefined && may === true}
        onOpenChange={(open) => !open && patch({ create: undefined })}
      />
    </Page>
  );
}

function NotYours() {
  return (
    <EmptyState
      icon={Webhook}
      title="Owners and admins set up webhooks"
      description="They are the organization’s. Ask one of its owners or admins."
      className="rounded-lg border bg-card"
    />
  );
}

function CreateButton() {
  const patch = useSearchPatch();
  const may = useOrganization()?.can.manage_webhooks === true;
  return (
    <GuardedButton variant="primary" allowed={may} onClick={() => patch({ create: "webhook" })}>
      <Plus /> New webhook
    </GuardedButton>
  );
}

function Webhooks() {
  const { id: workspaceId, organization_id } = useWorkspace();
  const navigate = useNavigate();
  const found = useInfiniteQuery({
    ...listWebhooksInfiniteOptions({ query: { organization_id, limit: 100 } }),
    initialPageParam: {},
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.data), [found.data]);
  return (
    <DataTable
      label="Webhooks"
      rows={rows}
      columns={COLUMNS}
      rowKey={({ id }) => id}
      rowHeight={52}
      onOpen={({ id }) =>
        void navigate({
          to: "/w/$workspaceId/settings/webhooks/$webhookId",
          params: { workspaceId, webhookId: id },
        })
      }
      {...pagesOf(found)}
      empty={
        <EmptyState
          icon={Webhook}
          title="No webhooks yet"
          description="Let your server know when a customer has connected a service, when a connection has to be authorized again, or when an action failed."
          action={<CreateButton />}
        />
      }
    />
  );
}

const COLUMNS: Column<WebhookOutput>[] = [
  {
    id: "url",
    header: "Address",
    width: "minmax(0,2fr)",
    cell: ({ url, description }) => (
      <div className="leading-tight">
        <p className="truncate font-medium">{url}</p>
        {description && <p className="truncate text-muted-foreground text-xs">{description}</p>}
      </div>
    ),
  },
  {
    id: "status",
    header: "Status",
    width: "6rem",
    cell: (webhook) => {
      const { tone, icon, word } = lookOf(webhook);
      return (
        <StateBadge tone={tone} icon={icon}>
          {word}
        </StateBadge>
      );
    },
  },
  {
    id: "events",
    header: "Events",
    from: 640,
    cell: ({ events }) => <span title={events.join(", ")}>{events.join(", ")}</span>,
  },
  {
    id: "created",
    header: "Created",
    width: "6.5rem",
    from: 820,
    cell: ({ created_at }) => <TimeAgo time={created_at} />,
  },
];
