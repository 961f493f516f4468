import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  lazyRouteComponent,
  notFound,
  redirect,
} from "@tanstack/react-router";
import { NotFoundPage, PageError, RootLayout } from "./root-layout";
import { firstWorkspace, rememberWorkspace, requireSession, workspacesOptions } from "./session";

export interface RouterContext {
  queryClient: QueryClient;
}

export const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: RootLayout,
  errorComponent: PageError,
  notFoundComponent: NotFoundPage,
});

/** Leads to where the user was last. */
export const startRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  beforeLoad: async ({ context: { queryClient } }) => {
    await requireSession(queryClient, "/");
    const workspace = await firstWorkspace(queryClient);
    if (workspace) throw redirect({ to: "/w/$workspaceId/home", params: { workspaceId: workspace.id } });
  },
  component: lazyRouteComponent(() => import("./shell/no-workspace"), "NoWorkspace"),
});

/** Everything within a workspace: navigation at the left, the page at the right. */
export const workspaceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/w/$workspaceId",
  beforeLoad: async ({ context: { queryClient }, params, location }) => {
    await requireSession(queryClient, location.href);
    const workspaces = await queryClient.ensureQueryData(workspacesOptions());
    if (!workspaces.some(({ id }) => id === params.workspaceId)) throw notFound();
    rememberWorkspace(params.workspaceId);
  },
  component: lazyRouteComponent(() => import("./shell/shell"), "Shell"),
  notFoundComponent: NotFoundPage,
});

export const workspaceStartRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/w/$workspaceId/home", params, replace: true });
  },
});
