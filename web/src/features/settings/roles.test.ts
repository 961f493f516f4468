import { describe, expect, it } from "vitest";
import { organizationMembershipRights, workspaceMembershipRights } from "./roles";

const OTHER = { isSelf: false, isLastOwner: false };

describe("workspaceMembershipRights", () => {
  it("lets an admin change all but owners", () => {
    const grant = ["viewer", "member", "admin"] as const;
    expect(workspaceMembershipRights(grant, { role: "member", ...OTHER }).roles).toEqual(grant);
    const owner = workspaceMembershipRights(grant, { role: "owner", ...OTHER });
    expect(owner).toMatchObject({ roles: [], why: "Only owners change owners.", remove: { allowed: false } });
  });

  it("lets everybody leave, and a viewer do no more", () => {
    expect(workspaceMembershipRights([], { role: "viewer", ...OTHER, isSelf: true })).toMatchObject({
      roles: [],
      remove: { allowed: true },
    });
    expect(workspaceMembershipRights([], { role: "viewer", ...OTHER }).remove.allowed).toBe(false);
  });

  it("keeps the last owner", () => {
    const found = workspaceMembershipRights(["owner"], { role: "owner", isSelf: true, isLastOwner: true });
    expect(found.remove.allowed).toBe(false);
    expect(found.why).toContain("last owner");
  });
});

it("lets an organization's admins remove members, but give no roles", () => {
  const admin = { change_roles: false, manage_members: true };
  expect(organizationMembershipRights(admin, { role: "member", ...OTHER })).toMatchObject({
    roles: [],
    remove: { allowed: true },
  });
  expect(organizationMembershipRights(admin, { role: "owner", ...OTHER }).remove.allowed).toBe(false);
});
