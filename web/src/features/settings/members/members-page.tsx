import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { UserPlus } from "lucide-react";
import { useMemo, useState } from "react";
import { toast } from "sonner";
import { changeMember, listMembersInfiniteOptions, listMembersInfiniteQueryKey, removeMember } from "@/api";
import { useWorkspace } from "@/app/session";
import { pagesOf } from "@/components/data-table";
import { Page } from "@/components/page";
import { Button } from "@/components/ui/button";
import { useGoOn, useRefreshTenancy } from "../leave";
import { useOrganization } from "../organization";
import { WORKSPACE_ROLE_HINTS, workspaceMembershipRights } from "../roles";
import { SettingsHeader } from "../settings-header";
import { AddMemberDialog } from "./add-member-dialog";
import { type Member, MemberTable } from "./member-table";

/** Who belongs to the workspace, as what. */
export function MembersPage() {
  const workspace = useWorkspace();
  const path = { workspace_id: workspace.id };
  const client = useQueryClient();
  const refreshTenancy = useRefreshTenancy();
  const goOn = useGoOn();
  const found = useInfiniteQuery({
    ...listMembersInfiniteOptions({ path, query: { limit: 100 } }),
    initialPageParam: { path },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const members = useMemo(() => found.data?.pages.flatMap((page) => page.data), [found.data]);
  const refresh = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: listMembersInfiniteQueryKey({ path }) }),
      refreshTenancy(),
    ]);
  const organization = useOrganization();
  async function remove({ user_id, name, email }: Member, isSelf: boolean) {
    await removeMember({ path: { ...path, user_id }, throwOnError: true });
    toast.success(isSelf ? `You left ${workspace.name}.` : `${name ?? email ?? "The member"} is removed.`);
    // Who administers the organization sees the workspace still.
    if (isSelf && !organization?.can.manage_members) await goOn(({ id }) => id === workspace.id);
    else await refresh();
  }
  return (
    <Page fill>
      <SettingsHeader
        title="Members"
        description={
          workspace.can.manage_members
            ? `Who works in ${workspace.name}, and as what.`
            : `Who works in ${workspace.name}. Its owners and admins add people and give roles.`
        }
        actions={workspace.can.manage_members && <WaysIn members={members} onAdded={refresh} />}
      />
      <MemberTable
        label="Members"
        of="workspace"
        members={members}
        complete={!found.hasNextPage}
        hints={WORKSPACE_ROLE_HINTS}
        rightsOver={(member) => workspaceMembershipRights(workspace.can.grant, member)}
        onRole={async ({ user_id }, role) => {
          await changeMember({ path: { ...path, user_id }, body: { role }, throwOnError: true });
          await refresh();
        }}
        onRemove={remove}
        removal="Access to the workspace ends at once, also with API keys. Coming back takes a new invitation."
        pages={pagesOf(found)}
      />
    </Page>
  );
}

/** From the organization, or by an invitation. */
function WaysIn({
  members,
  onAdded,
}: {
  members: readonly Member[] | undefined;
  onAdded: () => Promise<unknown>;
}) {
  const { id: workspaceId } = useWorkspace();
  const organization = useOrganization();
  const [adding, setAdding] = useState(false);
  return (
    <>
      {organization?.can.manage_members && (
        <Button onClick={() => setAdding(true)}>Add from the organization</Button>
      )}
      <Button asChild variant="primary">
        <Link to="/w/$workspaceId/settings/invitations" params={{ workspaceId }} search={{ invite: "new" }}>
          <UserPlus /> Invite
        </Link>
      </Button>
      <AddMemberDialog open={adding} onOpenChange={setAdding} present={members} onAdded={onAdded} />
    </>
  );
}
