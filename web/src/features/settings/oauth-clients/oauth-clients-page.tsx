import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { KeyRound } from "lucide-react";
import { type ConfiguredClientOutput, listOrganizationOauthClientsOptions } from "@/api";
import { useWorkspace } from "@/app/session";
import { CopyId } from "@/components/copy-id";
import { type Column, DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { Page } from "@/components/page";
import { ServiceLogo } from "@/components/service-logo";
import { TimeAgo } from "@/components/time-ago";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { useOrganization } from "../organization";
import { SettingsHeader } from "../settings-header";

/** Which integrations have an OAuth client, and from where. One is set and removed at its integration. */
export function OAuthClientsPage() {
  const { id: workspaceId, organization_id, organization_name } = useWorkspace();
  const mayEdit = useOrganization()?.can.edit_catalog;
  const navigate = useNavigate();
  const found = useQuery(listOrganizationOauthClientsOptions({ query: { organization_id } }));
  return (
    <Page fill>
      <SettingsHeader
        title="OAuth clients"
        description={
          mayEdit === false
            ? "Those of this server. Owners and admins of the organization see and set its own."
            : `As what ${organization_name} is known to services that people sign in to. Set and removed at the integration.`
        }
      />
      <DataTable
        label="OAuth clients"
        rows={found.data?.data}
        columns={COLUMNS}
        rowKey={(client) => `${client.integration} ${client.source} ${client.name ?? ""}`}
        onOpen={({ integration }) =>
          void navigate({
            to: "/w/$workspaceId/integrations/$slug",
            params: { workspaceId, slug: integration },
            search: { tab: "oauth" },
          })
        }
        error={found.error}
        onRetry={() => void found.refetch()}
        empty={
          <EmptyState
            icon={KeyRound}
            title="No OAuth client yet"
            description="Services like Gmail or Slack want to know who asks. Register Portway there, and enter the client at the integration."
            action={
              <Button asChild variant="primary">
                <Link to="/w/$workspaceId/integrations" params={{ workspaceId }}>
                  Choose an integration
                </Link>
              </Button>
            }
          />
        }
      />
    </Page>
  );
}

const COLUMNS: Column<ConfiguredClientOutput>[] = [
  {
    id: "integration",
    header: "Integration",
    width: "minmax(0,1.3fr)",
    cell: ({ integration, integration_name, name }) => (
      <span className="flex min-w-0 items-center gap-2.5">
        <ServiceLogo slug={integration} name={integration_name} className="size-6" />
        <span className="truncate font-medium">{integration_name}</span>
        {name && name !== "default" && <Badge>{name}</Badge>}
      </span>
    ),
  },
  {
    id: "source",
    header: "From",
    width: "8.5rem",
    cell: ({ source }) => (source === "organization" ? "Your organization" : "This server"),
  },
  {
    id: "client",
    header: "Client id",
    width: "minmax(0,1.6fr)",
    from: 560,
    cell: ({ client_id }) => <CopyId id={client_id} />,
  },
  {
    id: "secret",
    header: "Secret",
    width: "6rem",
    from: 720,
    cell: ({ has_secret }) => (has_secret ? "Kept" : <span className="text-muted-foreground">None</span>),
  },
  {
    id: "set",
    header: "Set",
    width: "6.5rem",
    from: 820,
    cell: ({ updated_at }) => (updated_at ? <TimeAgo time={updated_at} /> : "–"),
  },
];
