import { useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, CircleDashed } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import {
  deleteOauthClient,
  type IntegrationDetailOutput,
  listOauthClientsOptions,
  type OAuthClientOutput,
} from "@/api";
import { useWorkspace } from "@/app/session";
import { CodeBlock } from "@/components/code-block";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { CopyId } from "@/components/copy-id";
import { ErrorState } from "@/components/error-state";
import { StateBadge } from "@/components/status-badge";
import { TimeAgo } from "@/components/time-ago";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardHeader } from "@/components/ui/card";
import { SkeletonRows } from "@/components/ui/skeleton";
import { refreshIntegration, useEditRight } from "../data";
import { OAuthClientForm } from "./oauth-client-form";

interface Props {
  integration: IntegrationDetailOutput;
}

/** Which client Portway is at the service, and how to become one. */
export function OAuthTab({ integration }: Props) {
  const { data: mayEdit, error, refetch } = useEditRight();
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Card>
        <CardHeader
          title="1. Register Portway at the service"
          description={`In the developer console of ${integration.name}, make an OAuth client for a web application. It asks for this redirect URI.`}
        />
        <CardContent className="flex flex-col gap-3">
          <CodeBlock code={integration.redirect_uri ?? ""} label="Redirect URI" wrap />
          {integration.documentation_url && (
            <p className="text-muted-foreground">
              Where to make it, says{" "}
              <a
                href={integration.documentation_url}
                target="_blank"
                rel="noreferrer"
                className="rounded-sm text-link hover:underline"
              >
                the documentation of {integration.name}
              </a>
              .
            </p>
          )}
          <AskedScopes integration={integration} />
        </CardContent>
      </Card>
      <Card>
        <CardHeader
          title="2. Enter what it gives you"
          description="The secret is kept encrypted, and never shown again."
        />
        <CardContent className="flex flex-col gap-4">
          {mayEdit === false ? (
            <ReadOnly integration={integration} />
          ) : mayEdit ? (
            <Clients integration={integration} />
          ) : error ? (
            <ErrorState error={error} onRetry={() => void refetch()} className="py-4" />
          ) : (
            <SkeletonRows rows={2} />
          )}
        </CardContent>
      </Card>
    </div>
  );
}

function AskedScopes({ integration: { scopes } }: Props) {
  const asked = scopes.filter((scope) => scope.asked_for);
  if (asked.length === 0) return null;
  return (
    <div className="flex flex-col gap-1.5">
      <p className="text-muted-foreground">
        Connections ask for these scopes; the client must be allowed to:
      </p>
      <ul className="flex flex-wrap gap-1.5">
        {asked.map(({ name, description }) => (
          <li key={name} className="min-w-0">
            <code className="block rounded-sm bg-muted px-1.5 break-all" title={description ?? undefined}>
              {name}
            </code>
          </li>
        ))}
      </ul>
    </div>
  );
}

function ReadOnly({ integration: { oauth_client_source } }: Props) {
  return (
    <>
      <SourceBadge source={oauth_client_source} />
      <p className="text-muted-foreground">
        Only an owner or admin of the organization can see and change the client.
      </p>
    </>
  );
}

function SourceBadge({ source }: { source: IntegrationDetailOutput["oauth_client_source"] }) {
  if (source === "organization")
    return (
      <StateBadge tone="success" icon={CircleCheck}>
        Your organization’s own client
      </StateBadge>
    );
  if (source === "environment")
    return (
      <StateBadge tone="success" icon={CircleCheck}>
        The client of this server’s environment
      </StateBadge>
    );
  return (
    <StateBadge tone="warning" icon={CircleDashed}>
      Not set up yet
    </StateBadge>
  );
}

function Clients({ integration }: Props) {
  const { organization_id } = useWorkspace();
  const { slug, oauth_client_source } = integration;
  const query = useQuery(listOauthClientsOptions({ path: { slug }, query: { organization_id } }));
  const [entering, setEntering] = useState(false);
  if (query.error && !query.data)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} className="py-4" />;
  if (!query.data) return <SkeletonRows rows={2} />;
  const known = query.data.data;
  const own = known.find(({ source, name }) => source === "organization" && name === "default");
  const withForm = entering || known.length === 0;
  return (
    <>
      <SourceBadge source={oauth_client_source} />
      {known.length > 0 && (
        <ul className="divide-y rounded-md border">
          {known.map((client) => (
            <ClientRow
              key={client.name ?? client.source}
              client={client}
              integration={integration}
              onReplace={client === own && !entering ? () => setEntering(true) : undefined}
            />
          ))}
        </ul>
      )}
      {withForm ? (
        <OAuthClientForm
          integration={integration}
          clientId={own?.client_id}
          onDone={() => setEntering(false)}
          onCancel={known.length > 0 ? () => setEntering(false) : undefined}
        />
      ) : (
        !own && (
          <Button className="self-start" onClick={() => setEntering(true)}>
            Use a client of your own
          </Button>
        )
      )}
    </>
  );
}

interface RowProps extends Props {
  client: OAuthClientOutput;
  onReplace?: () => void;
}

function ClientRow({ client, integration, onReplace }: RowProps) {
  const isOwn = client.source === "organization";
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-3 py-2.5">
      <div className="min-w-0">
        <div className="flex flex-wrap items-center gap-2">
          <CopyId id={client.client_id} className="text-foreground" />
          {isOwn ? (
            client.name !== "default" && <Badge>{client.name}</Badge>
          ) : (
            <Badge tone="outline">server’s environment</Badge>
          )}
        </div>
        <p className="text-muted-foreground text-xs">
          {client.has_secret ? "With a secret" : "Public, without a secret"}
          {client.updated_at && (
            <>
              , set <TimeAgo time={client.updated_at} />
            </>
          )}
        </p>
      </div>
      {isOwn && (
        <div className="flex gap-2">
          {onReplace && (
            <Button size="sm" onClick={onReplace}>
              Replace
            </Button>
          )}
          <RemoveClient client={client} integration={integration} />
        </div>
      )}
    </li>
  );
}

function RemoveClient({
  client,
  integration,
}: {
  client: OAuthClientOutput;
  integration: IntegrationDetailOutput;
}) {
  const { organization_id } = useWorkspace();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  async function remove() {
    await deleteOauthClient({
      path: { slug: integration.slug },
      query: { organization_id, name: client.name ?? undefined },
      throwOnError: true,
    });
    toast.success("The OAuth client is removed.");
    void refreshIntegration(queries, integration.slug);
  }
  return (
    <>
      <Button size="sm" variant="danger" onClick={() => setOpen(true)}>
        Remove
      </Button>
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title="Remove the OAuth client?"
        description={`Connections to ${integration.name} that were made with it stop being refreshed until it is set again.`}
        action="Remove client"
        onConfirm={remove}
      />
    </>
  );
}
