import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { toast } from "sonner";
import {
  changeOrganizationMember,
  listOrganizationMembersInfiniteOptions,
  listOrganizationMembersInfiniteQueryKey,
  type Role,
  removeOrganizationMember,
} from "@/api";
import { useWorkspace } from "@/app/session";
import { pagesOf } from "@/components/data-table";
import { Page } from "@/components/page";
import { useGoOn, useRefreshTenancy } from "../leave";
import { useOrganization } from "../organization";
import { ORGANIZATION_ROLE_HINTS, type OrganizationRole, organizationMembershipRights } from "../roles";
import { SettingsHeader } from "../settings-header";
import { type Member, MemberTable } from "./member-table";

const NOTHING = { change_roles: false, manage_members: false };

/** Who belongs to the organization, as what. Who does not administer it sees themselves alone. */
export function OrganizationMembersPage() {
  const { organization_id, organization_name } = useWorkspace();
  const path = { organization_id };
  const can = useOrganization()?.can ?? NOTHING;
  const client = useQueryClient();
  const refreshTenancy = useRefreshTenancy();
  const goOn = useGoOn();
  const found = useInfiniteQuery({
    ...listOrganizationMembersInfiniteOptions({ path, query: { limit: 100 } }),
    initialPageParam: { path },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const members = useMemo(() => found.data?.pages.flatMap((page) => page.data), [found.data]);
  async function refresh() {
    await client.invalidateQueries({ queryKey: listOrganizationMembersInfiniteQueryKey({ path }) });
    await refreshTenancy();
  }
  async function remove({ user_id, name, email }: Member, isSelf: boolean) {
    await removeOrganizationMember({ path: { ...path, user_id }, throwOnError: true });
    toast.success(isSelf ? `You left ${organization_name}.` : `${name ?? email ?? "The member"} is removed.`);
    if (isSelf) await goOn((workspace) => workspace.organization_id === organization_id);
    else await refresh();
  }
  async function give({ user_id }: Member, role: Role) {
    await changeOrganizationMember({
      path: { ...path, user_id },
      body: { role: role as OrganizationRole },
      throwOnError: true,
    });
    await refresh();
  }
  return (
    <Page fill>
      <SettingsHeader
        title="All members"
        description={
          can.manage_members
            ? `Who belongs to ${organization_name}. People come in by an invitation to a workspace.`
            : `You in ${organization_name}. Its owners and admins see all members.`
        }
      />
      <MemberTable
        label="Members of the organization"
        of="organization"
        members={members}
        complete={can.manage_members && !found.hasNextPage}
        hints={ORGANIZATION_ROLE_HINTS}
        rightsOver={(member) => organizationMembershipRights(can, member)}
        onRole={give}
        onRemove={remove}
        removal="That ends the memberships in all workspaces of the organization as well."
        pages={pagesOf(found)}
      />
    </Page>
  );
}
