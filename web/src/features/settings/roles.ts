import type { Role } from "@/api";
import type { Right } from "@/components/guarded-button";

export const ROLES: readonly Role[] = ["owner", "admin", "member", "viewer"];

export const ROLE_WORDS: Record<Role, string> = {
  owner: "Owner",
  admin: "Admin",
  member: "Member",
  viewer: "Viewer",
};

/** What a role may do in a workspace. */
export const WORKSPACE_ROLE_HINTS: Record<Role, string> = {
  owner: "Everything, also to delete the workspace",
  admin: "Invites people, gives roles, looks after all connections",
  member: "Connects services and runs actions",
  viewer: "Sees connections and logs, changes nothing",
};

export type OrganizationRole = Exclude<Role, "viewer">;

/** What a role may do in an organization. */
export const ORGANIZATION_ROLE_HINTS: Record<OrganizationRole, string> = {
  owner: "Everything, also roles, and to delete the organization",
  admin: "Looks after workspaces, integrations and webhooks",
  member: "Works in the workspaces that they belong to",
};

/** What may be done with a membership, and if not, why. */
export interface MembershipRights {
  /** The roles that may be given. */
  roles: readonly Role[];
  /** Why no role may be given. */
  why?: string;
  remove: Right;
}

interface Membership {
  role: Role;
  isSelf: boolean;
  /** There is no other owner. */
  isLastOwner: boolean;
}

const LAST_OWNER = "The last owner stays one. Make somebody else an owner first.";

/** `grant` are the roles that the user may give in the workspace; none, for who does not administer it. */
export function workspaceMembershipRights(grant: readonly Role[], member: Membership): MembershipRights {
  const may = grant.includes(member.role);
  const why =
    grant.length === 0 ? "Owners and admins of the workspace give roles." : "Only owners change owners.";
  return membershipRights(may ? grant : [], why, may, member);
}

/** Of an organization's members: owners give roles; admins remove those who are no owners. */
export function organizationMembershipRights(
  can: { change_roles: boolean; manage_members: boolean },
  member: Membership,
): MembershipRights {
  const roles: readonly Role[] = can.change_roles ? ["owner", "admin", "member"] : [];
  const may = can.change_roles || (can.manage_members && member.role !== "owner");
  return membershipRights(roles, "Owners of the organization give roles.", may, member);
}

function membershipRights(
  roles: readonly Role[],
  why: string,
  mayRemove: boolean,
  { isSelf, isLastOwner }: Membership,
): MembershipRights {
  if (isLastOwner && (isSelf || roles.length > 0))
    return { roles: [], why: LAST_OWNER, remove: { allowed: false, why: LAST_OWNER } };
  return {
    roles,
    why: roles.length === 0 ? why : undefined,
    remove: { allowed: isSelf || mayRemove, why },
  };
}
