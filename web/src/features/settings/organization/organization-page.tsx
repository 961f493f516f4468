import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { createOrganization, type OrganizationOutput, renameOrganization } from "@/api";
import { organizationsOptions, useWorkspace } from "@/app/session";
import { CopyId } from "@/components/copy-id";
import { EmptyState } from "@/components/empty-state";
import { ErrorState, InlineError } from "@/components/error-state";
import { Page } from "@/components/page";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardHeader } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { SkeletonRows } from "@/components/ui/skeleton";
import { useRefreshTenancy } from "../leave";
import { NameDialog } from "../name-dialog";
import { ROLE_WORDS } from "../roles";
import { SettingsHeader } from "../settings-header";
import { EndingCard } from "./ending-card";

/** The customer that this workspace belongs to. */
export function OrganizationPage() {
  const [creating, setCreating] = useState(false);
  return (
    <Page width="narrow" className="lg:mx-0">
      <SettingsHeader
        title="Organization"
        description="It owns workspaces, integrations of its own, OAuth clients and webhooks."
        actions={<Button onClick={() => setCreating(true)}>New organization</Button>}
      />
      <Details />
      <CreateDialog open={creating} onOpenChange={setCreating} />
    </Page>
  );
}

function Details() {
  const { organization_id, organization_name } = useWorkspace();
  const found = useQuery(organizationsOptions());
  const organization = found.data?.find(({ id }) => id === organization_id);
  if (found.error && !found.data)
    return <ErrorState error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <SkeletonRows rows={4} />;
  if (!organization)
    return (
      <EmptyState
        title={`You are not a member of ${organization_name}`}
        description="You work in one of its workspaces. Its owners and admins look after the rest."
      />
    );
  return (
    <>
      <NameCard key={organization.name} organization={organization} />
      <FactsCard organization={organization} />
      <EndingCard organization={organization} />
    </>
  );
}

function NameCard({ organization: { id, name: before, can } }: { organization: OrganizationOutput }) {
  const refresh = useRefreshTenancy();
  const [name, setName] = useState(before);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await renameOrganization({
        path: { organization_id: id },
        body: { name: name.trim() },
        throwOnError: true,
      });
      await refresh();
      toast.success("Renamed.");
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }
  const changed = name.trim() !== "" && name.trim() !== before;
  return (
    <Card>
      <CardHeader title="Name" description="Also what people see on the pages of your connect links." />
      <CardContent>
        <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
          <div className="flex items-start gap-2">
            <Field
              label={<span className="sr-only">Name</span>}
              hint={can.rename ? undefined : "Owners and admins of the organization rename it."}
              className="flex-1 gap-0"
            >
              <Input
                value={name}
                maxLength={200}
                disabled={!can.rename}
                onChange={(event) => setName(event.target.value)}
              />
            </Field>
            {can.rename && (
              <Button type="submit" busy={busy} disabled={!changed}>
                Save
              </Button>
            )}
          </div>
          <InlineError error={error} />
        </form>
      </CardContent>
    </Card>
  );
}

function FactsCard({ organization: { id, role, created_at } }: { organization: OrganizationOutput }) {
  return (
    <Card>
      <dl className="grid gap-x-6 gap-y-3 px-4 py-3.5 sm:grid-cols-3">
        <div>
          <dt className="text-muted-foreground text-xs">You are</dt>
          <dd>{ROLE_WORDS[role]}</dd>
        </div>
        <div>
          <dt className="text-muted-foreground text-xs">Created</dt>
          <dd>
            <TimeAgo time={created_at} />
          </dd>
        </div>
        <div className="min-w-0">
          <dt className="text-muted-foreground text-xs">Id</dt>
          <dd>
            <CopyId id={id} short />
          </dd>
        </div>
      </dl>
    </Card>
  );
}

function CreateDialog(dialog: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const navigate = useNavigate();
  const refresh = useRefreshTenancy();
  async function create(name: string) {
    const { data } = await createOrganization({ body: { name }, throwOnError: true });
    await refresh();
    await navigate({ to: "/w/$workspaceId/home", params: { workspaceId: data.workspace_id } });
    toast.success(`${data.name} is there, with a first workspace.`);
  }
  return (
    <NameDialog
      {...dialog}
      title="New organization"
      description="Of its own in everything: members, integrations, OAuth clients. You own it."
      action="Create"
      onSubmit={create}
    />
  );
}
