import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { CircleAlert, FileUp, MoreHorizontal, Pencil, Plug, Trash2 } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { toast } from "sonner";
import { deleteIntegration, type IntegrationDetailOutput } from "@/api";
import { useWorkspace } from "@/app/session";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { CopyId } from "@/components/copy-id";
import { PageHeader } from "@/components/page-header";
import { Prose } from "@/components/prose";
import { ServiceLogo } from "@/components/service-logo";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuSeparator,
  DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";
import { categoryWord } from "@/lib/format";
import { authWord } from "../auth-words";
import { refreshIntegration, useMayEdit } from "../data";
import { ConnectionState } from "../integration-columns";
import { useParents } from "../integration-page";

const ConnectDialog = lazy(async () => ({
  default: (await import("@/features/connections/connect-dialog")).ConnectDialog,
}));

interface Props {
  integration: IntegrationDetailOutput;
}

/** What the integration is, where it leads, and what can be done with it. */
export function DetailHeader({ integration }: Props) {
  const { slug, name, description, category, organization_id, fault } = integration;
  const parents = useParents();
  return (
    <div className="flex flex-col gap-3">
      <PageHeader
        title={name}
        parents={parents}
        icon={<ServiceLogo slug={slug} name={name} className="size-10" />}
        badge={
          <>
            {category && <Badge>{categoryWord(category)}</Badge>}
            {organization_id && <Badge tone="outline">Own</Badge>}
          </>
        }
        actions={<HeaderActions integration={integration} />}
      />
      {description && (
        <p className="max-w-3xl text-muted-foreground">
          <Prose text={description} />
        </p>
      )}
      <Facts integration={integration} />
      {fault && (
        <p role="alert" className="flex gap-2 rounded-md bg-danger-soft px-3 py-2 text-danger">
          <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
          <span className="min-w-0 break-words">It cannot be connected: {fault}</span>
        </p>
      )}
      <WhyReadOnly integration={integration} />
    </div>
  );
}

function Facts({ integration }: Props) {
  const { id: workspaceId } = useWorkspace();
  const { slug, auth_type, base_url, website, documentation_url, connections } = integration;
  return (
    <dl className="flex flex-wrap items-center gap-x-5 gap-y-1 text-muted-foreground text-xs">
      <Fact name="Credential">{authWord(auth_type)}</Fact>
      <Fact name="Address">
        <code className="break-all text-foreground">{base_url}</code>
      </Fact>
      <Fact name="Slug">
        <CopyId id={slug} className="text-foreground" />
      </Fact>
      {website && (
        <Fact name="Website">
          <Outside href={website} />
        </Fact>
      )}
      {documentation_url && (
        <Fact name="Documentation">
          <Outside href={documentation_url} />
        </Fact>
      )}
      {connections && connections.total > 0 && (
        <Fact name="Connections">
          <Link
            to="/w/$workspaceId/connections"
            params={{ workspaceId }}
            search={{ integration: slug }}
            className="rounded-sm"
          >
            <ConnectionState connections={connections} />
          </Link>
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex min-w-0 items-center gap-1.5">
      <dt>{name}</dt>
      <dd className="min-w-0 text-foreground">{children}</dd>
    </div>
  );
}

function Outside({ href }: { href: string }) {
  return (
    <a href={href} target="_blank" rel="noreferrer" className="rounded-sm text-link hover:underline">
      {hostOf(href)}
    </a>
  );
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address;
}

function WhyReadOnly({ integration: { organization_id } }: Props) {
  const { can } = useWorkspace();
  const mayEdit = useMayEdit();
  const reasons = [
    !can.connect && "Your role lets you look. To connect the service, ask an admin of this workspace.",
    organization_id &&
      mayEdit === false &&
      "Only an owner or admin of the organization can change this integration.",
  ].filter(Boolean);
  if (reasons.length === 0) return null;
  return <p className="text-muted-foreground">{reasons.join(" ")}</p>;
}

function HeaderActions({ integration }: Props) {
  const mayEdit = useMayEdit();
  const isOwn = integration.organization_id !== null;
  return (
    <>
      {isOwn && mayEdit && <OwnMenu integration={integration} />}
      <ConnectButton integration={integration} mayEdit={mayEdit === true} />
    </>
  );
}

function ConnectButton({ integration, mayEdit }: Props & { mayEdit: boolean }) {
  const { id: workspaceId, can } = useWorkspace();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const { slug, fault, connects_by, oauth_client_source } = integration;
  if (!can.connect || fault) return null;
  if (connects_by === "redirect" && oauth_client_source === null && mayEdit)
    return (
      <Button asChild variant="primary">
        <Link
          to="/w/$workspaceId/integrations/$slug"
          params={{ workspaceId, slug }}
          search={{ tab: "oauth" }}
        >
          Set up the OAuth client
        </Link>
      </Button>
    );
  return (
    <>
      <Button variant="primary" onClick={() => setOpen(true)}>
        <Plug /> Connect
      </Button>
      {open && (
        <Suspense>
          <ConnectDialog
            workspaceId={workspaceId}
            integrationSlug={slug}
            open
            onOpenChange={setOpen}
            onConnected={(connectionId) => {
              void refreshIntegration(client, slug);
              void navigate({
                to: "/w/$workspaceId/connections/$connectionId",
                params: { workspaceId, connectionId },
              });
            }}
          />
        </Suspense>
      )}
    </>
  );
}

function OwnMenu({ integration: { slug, name } }: Props) {
  const { id: workspaceId, organization_id } = useWorkspace();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [deleting, setDeleting] = useState(false);
  async function remove() {
    await deleteIntegration({ path: { slug }, query: { organization_id }, throwOnError: true });
    toast.success(`${name} is deleted.`);
    await navigate({ to: "/w/$workspaceId/integrations", params: { workspaceId } });
    void refreshIntegration(client, slug);
  }
  return (
    <>
      <DropdownMenu>
        <Button asChild>
          <Link to="/w/$workspaceId/integrations/$slug/edit" params={{ workspaceId, slug }}>
            <Pencil /> Edit
          </Link>
        </Button>
        <DropdownMenuTrigger asChild>
          <Button size="icon" aria-label={`More about ${name}`}>
            <MoreHorizontal />
          </Button>
        </DropdownMenuTrigger>
        <DropdownMenuContent align="end">
          <DropdownMenuItem
            onSelect={() =>
              void navigate({
                to: "/w/$workspaceId/integrations/new",
                params: { workspaceId },
                search: { update: slug },
              })
            }
          >
            <FileUp /> Import a newer document
          </DropdownMenuItem>
          <DropdownMenuSeparator />
          <DropdownMenuItem danger onSelect={() => setDeleting(true)}>
            <Trash2 /> Delete the integration
          </DropdownMenuItem>
        </DropdownMenuContent>
      </DropdownMenu>
      <ConfirmDialog
        open={deleting}
        onOpenChange={setDeleting}
        title={`Delete ${name}?`}
        description="Its actions go with it; their executions stay in the log. Connections have to be deleted first."
        action="Delete integration"
        typeToConfirm={slug}
        onConfirm={remove}
      />
    </>
  );
}
