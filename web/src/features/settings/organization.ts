import { useQuery } from "@tanstack/react-query";
import type { OrganizationOutput } from "@/api";
import { organizationsOptions, useWorkspace } from "@/app/session";

/** The organization of this page's workspace; undefined while it is not known, or for who is in the workspace alone. */
export function useOrganization(): OrganizationOutput | undefined {
  const { organization_id } = useWorkspace();
  const { data } = useQuery(organizationsOptions());
  return data?.find(({ id }) => id === organization_id);
}
