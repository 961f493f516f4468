import { useQuery } from "@tanstack/react-query";
import { organizationsOptions, useWorkspaces } from "@/app/session";

/** Whether the user may set up what the workspace's organization shares, OAuth clients for one; undefined at first. */
export function useMayAdministerOrganization(workspaceId: string): boolean | undefined {
  const organizationId = useWorkspaces().find(({ id }) => id === workspaceId)?.organization_id;
  const { data } = useQuery(organizationsOptions());
  if (!data) return undefined;
  const role = data.find(({ id }) => id === organizationId)?.role;
  return role === "owner" || role === "admin";
}
