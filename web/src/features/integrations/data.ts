import { type QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import {
  type ActionOutput,
  getIntegrationOptions,
  getIntegrationQueryKey,
  type IntegrationOutput,
  listActions,
  listActionsQueryKey,
  listIntegrations,
  listIntegrationsQueryKey,
  listOauthClientsQueryKey,
  type WorkspaceOutput,
} from "@/api";
import { organizationsOptions, useWorkspace } from "@/app/session";
import { allPages } from "@/lib/all-pages";

const PAGE = 200;

type Place = Pick<WorkspaceOutput, "id" | "organization_id">;

/** All integrations that the workspace can connect: some hundreds, so that a search needs no request. */
export function integrationsOptions({ id, organization_id }: Place) {
  const query = { workspace_id: id, organization_id, limit: PAGE };
  return queryOptions<IntegrationOutput[]>({
    queryKey: [...listIntegrationsQueryKey({ query }), "all"],
    queryFn: () =>
      allPages(
        async (cursor) => (await listIntegrations({ query: { ...query, cursor }, throwOnError: true })).data,
      ),
  });
}

export function integrationOptions(slug: string, { id, organization_id }: Place) {
  return getIntegrationOptions({ path: { slug }, query: { workspace_id: id, organization_id } });
}

/** All of an integration's actions, without their schemas: thousands at most. */
export function actionsOptions(slug: string, { organization_id }: Place) {
  const query = { organization_id, schemas: false, limit: PAGE };
  const path = { slug };
  return queryOptions<ActionOutput[]>({
    queryKey: [...listActionsQueryKey({ path, query }), "all"],
    queryFn: () =>
      allPages(
        async (cursor) => (await listActions({ path, query: { ...query, cursor }, throwOnError: true })).data,
      ),
  });
}

/** After an integration, its actions or its OAuth client have changed; `gone` is an action that was deleted. */
export async function refreshIntegration(client: QueryClient, slug: string, gone?: string): Promise<void> {
  const path = { slug };
  await Promise.all([
    client.invalidateQueries({ queryKey: listIntegrationsQueryKey() }),
    client.invalidateQueries({ queryKey: getIntegrationQueryKey({ path }) }),
    client.invalidateQueries({ queryKey: listActionsQueryKey({ path }) }),
    client.invalidateQueries({ queryKey: listOauthClientsQueryKey({ path }) }),
    client.invalidateQueries({ predicate: ({ queryKey }) => isOfAction(queryKey[0], slug, gone) }),
  ]);
}

function isOfAction(key: unknown, slug: string, gone: string | undefined): boolean {
  const { _id, path } = (key ?? {}) as { _id?: string; path?: { slug?: string; action?: string } };
  return _id === "getAction" && path?.slug === slug && path.action !== gone;
}

/** Whether the user may change the organization's integrations, with what keeps that from being known. */
export function useEditRight() {
  const { organization_id } = useWorkspace();
  return useQuery({
    ...organizationsOptions(),
    select: (found) => {
      const role = found.find(({ id }) => id === organization_id)?.role;
      return role === "owner" || role === "admin";
    },
  });
}

/** The same for what is offered to those alone who may; undefined until it is known. */
export function useMayEdit(): boolean | undefined {
  return useEditRight().data;
}
