import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { MailPlus, UserPlus } from "lucide-react";
import { useMemo, useState } from "react";
import { toast } from "sonner";
import {
  type CreatedInvitationOutput,
  type InvitationOutput,
  listInvitationsInfiniteOptions,
  listInvitationsQueryKey,
  problemOf,
  resendInvitation,
  withdrawInvitation,
} from "@/api";
import { useWorkspace } from "@/app/session";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { DataTable, pagesOf } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { Page } from "@/components/page";
import { Button } from "@/components/ui/button";
import { useSearchPatch } from "@/components/use-search-patch";
import { SettingsHeader } from "../settings-header";
import { invitationColumns } from "./invitation-columns";
import { InviteDialog } from "./invite-dialog";

/** Who is invited into the workspace and has not come yet. */
export function InvitationsPage() {
  const { name, can } = useWorkspace();
  return (
    <Page fill>
      <SettingsHeader
        title="Invitations"
        description={`Links by which somebody new comes into ${name}.`}
        actions={can.manage_members && <InviteButton />}
      />
      {can.manage_members ? <Invitations /> : <NotYours />}
    </Page>
  );
}

function NotYours() {
  return (
    <EmptyState
      icon={MailPlus}
      title="Owners and admins invite people"
      description="Ask one of them to invite somebody, or for another role. The members of this workspace are listed under Members."
      className="rounded-lg border bg-card"
    />
  );
}

function InviteButton() {
  const patch = useSearchPatch();
  return (
    <Button variant="primary" onClick={() => patch({ invite: "new" })}>
      <UserPlus /> Invite
    </Button>
  );
}

function Invitations() {
  const workspace = useWorkspace();
  const { invite } = useSearch({ from: "/w/$workspaceId/settings/invitations" });
  const patch = useSearchPatch();
  const client = useQueryClient();
  const [handing, setHanding] = useState<CreatedInvitationOutput>();
  const [withdrawing, setWithdrawing] = useState<InvitationOutput>();
  const found = useInfiniteQuery({
    ...listInvitationsInfiniteOptions({ query: { workspace_id: workspace.id, limit: 100 } }),
    initialPageParam: {},
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.data), [found.data]);
  const refresh = () => client.invalidateQueries({ queryKey: listInvitationsQueryKey() });
  async function resend({ id, email }: InvitationOutput) {
    try {
      const { data } = await resendInvitation({ path: { invitation_id: id }, throwOnError: true });
      if (data.url) setHanding(data);
      else toast.success(`A new link is on its way to ${email}.`);
      await refresh();
    } catch (error) {
      toast.error(problemOf(error).detail);
    }
  }
  async function withdraw() {
    if (!withdrawing) return;
    await withdrawInvitation({ path: { invitation_id: withdrawing.id }, throwOnError: true });
    toast.success(`The invitation of ${withdrawing.email} is revoked.`);
    await refresh();
  }
  const columns = invitationColumns({ onResend: (row) => void resend(row), onWithdraw: setWithdrawing });
  return (
    <>
      <DataTable
        label="Invitations"
        rows={rows}
        columns={columns}
        rowKey={({ id }) => id}
        rowHeight={52}
        {...pagesOf(found)}
        empty={
          <EmptyState
            icon={MailPlus}
            title="Nobody is invited right now"
            description="Invite a colleague by their address. Who has accepted is listed under Members."
            action={<InviteButton />}
          />
        }
      />
      <InviteDialog
        open={invite !== undefined || handing !== undefined}
        handing={handing}
        onInvited={refresh}
        onClose={() => {
          setHanding(undefined);
          patch({ invite: undefined });
        }}
      />
      <ConfirmDialog
        open={withdrawing !== undefined}
        onOpenChange={(open) => !open && setWithdrawing(undefined)}
        title="Revoke this invitation?"
        description={`The link of ${withdrawing?.email ?? ""} leads nowhere from now on.`}
        action="Revoke invitation"
        onConfirm={withdraw}
      />
    </>
  );
}
