import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { PageCommand } from "@/app/commands";
import { workspaceRoute } from "@/app/routes";
import { many, manyOf, one, oneOf } from "@/lib/search-params";
import { AUTH_TYPES } from "./auth-words";
import type { IntegrationFilters } from "./filter-integrations";

export const integrationsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "integrations",
  validateSearch: (search): IntegrationFilters => ({
    q: one(search.q),
    category: many(search.category),
    auth: manyOf(search.auth, AUTH_TYPES),
    owner: oneOf(search.owner, ["own", "shipped"]),
    connected: oneOf(search.connected, ["yes", "no"]),
  }),
  component: lazyRouteComponent(() => import("./integrations-page"), "IntegrationsPage"),
});

export const TABS = ["actions", "oauth", "definition"] as const;

export interface IntegrationSearch {
  tab?: (typeof TABS)[number];
  q?: string;
  /** The action whose details are shown. */
  action?: string;
}

export const integrationRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "integrations/$slug",
  validateSearch: (search): IntegrationSearch => ({
    tab: oneOf(search.tab, TABS),
    q: one(search.q),
    action: one(search.action),
  }),
  component: lazyRouteComponent(() => import("./integration-page"), "IntegrationPage"),
});

export const editIntegrationRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "integrations/$slug/edit",
  component: lazyRouteComponent(() => import("./edit/edit-integration-page"), "EditIntegrationPage"),
});

export const newActionRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "integrations/$slug/new-action",
  component: lazyRouteComponent(() => import("./edit/action-pages"), "NewActionPage"),
});

export const editActionRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "integrations/$slug/actions/$action",
  component: lazyRouteComponent(() => import("./edit/action-pages"), "EditActionPage"),
});

export const routes = [
  integrationsRoute,
  integrationRoute,
  editIntegrationRoute,
  newActionRoute,
  editActionRoute,
] as const;
export const commands: readonly PageCommand[] = [];
