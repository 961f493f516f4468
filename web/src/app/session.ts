import { type QueryClient, queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { redirect, useParams } from "@tanstack/react-router";
import {
  authOptionsOptions,
  listOrganizations,
  listWorkspaces,
  type MeOutput,
  meOptions,
  type OrganizationOutput,
  problemOf,
  type Role,
  signOut,
  type WorkspaceOutput,
} from "@/api";
import { allPages } from "@/lib/all-pages";
import { readSetting, writeSetting } from "@/lib/local-setting";
import { forgetPerson, signedInAs } from "./one-person";

const LAST_WORKSPACE = "workspace";
const MINUTE = 60_000;

/** Who is signed in. */
export const sessionOptions = () => ({ ...meOptions(), staleTime: 5 * MINUTE, placeholderData: undefined });

/** All workspaces that the user sees. */
export const workspacesOptions = () =>
  queryOptions<WorkspaceOutput[]>({
    queryKey: ["workspaces"],
    queryFn: () =>
      allPages(
        async (cursor) => (await listWorkspaces({ query: { limit: 200, cursor }, throwOnError: true })).data,
      ),
    staleTime: MINUTE,
  });

/** All organizations that the user belongs to. */
export const organizationsOptions = () =>
  queryOptions<OrganizationOutput[]>({
    queryKey: ["organizations"],
    queryFn: () =>
      allPages(
        async (cursor) =>
          (await listOrganizations({ query: { limit: 200, cursor }, throwOnError: true })).data,
      ),
    staleTime: MINUTE,
  });

/** The signed-in user. Only within a workspace's pages. */
export function useSession(): MeOutput {
  return useSuspenseQuery(sessionOptions()).data;
}

export function useWorkspaces(): WorkspaceOutput[] {
  return useSuspenseQuery(workspacesOptions()).data;
}

/** The workspace of this page. */
export function useWorkspace(): WorkspaceOutput {
  const { workspaceId } = useParams({ strict: false });
  const found = useWorkspaces().find(({ id }) => id === workspaceId);
  if (!found) throw new Error("This page belongs to no workspace.");
  return found;
}

const RANK: Record<Role, number> = { viewer: 0, member: 1, admin: 2, owner: 3 };

/** Whether the user's role in this workspace is at least this one; the gateway decides, this is for what is shown. */
export function useRoleAtLeast(role: Role): boolean {
  const own = useWorkspace().role;
  // Without a role of their own they see it as an admin of the organization.
  return own === null || RANK[own] >= RANK[role];
}

/** An address without what somebody entered in the playground, which is not to stand in a second one. */
export function withoutParameters(href: string): string {
  const url = new URL(href, window.location.origin);
  url.searchParams.delete("parameters");
  return url.pathname + url.search + url.hash;
}

/** Goes on only with a session; else to the sign-in page, and back here afterwards. */
export async function requireSession(client: QueryClient, href: string): Promise<void> {
  const toSignIn = () =>
    redirect({ to: "/sign-in", search: { return_to: href === "/" ? undefined : withoutParameters(href) } });
  const known = client.getQueryData(sessionOptions().queryKey) !== undefined;
  if (!known && !(await keepsSession(client))) throw toSignIn();
  try {
    signedInAs((await client.ensureQueryData(sessionOptions())).id);
  } catch (error) {
    throw problemOf(error).status === 401 ? toSignIn() : error;
  }
}

/** Whether the browser keeps a session at all. Without one, who it is would be answered by 401, an error in its console. */
async function keepsSession(client: QueryClient): Promise<boolean> {
  return (await client.fetchQuery({ ...authOptionsOptions(), staleTime: 0 })).signed_in;
}

/** The workspace to begin with: the last used one, else the first. */
export async function firstWorkspace(client: QueryClient): Promise<WorkspaceOutput | undefined> {
  const found = await client.ensureQueryData(workspacesOptions());
  const last = readSetting(LAST_WORKSPACE);
  return found.find(({ id }) => id === last) ?? found[0];
}

export function rememberWorkspace(id: string): void {
  writeSetting(LAST_WORKSPACE, id);
}

/** Ends the session here; what was loaded with it, or run, is forgotten. */
export function useSignOut(): () => Promise<void> {
  return async () => {
    await signOut({ body: {}, throwOnError: true });
    forgetPerson();
    // Loaded anew: nothing of this person stays in the memory of the page.
    window.location.assign("/sign-in");
  };
}
