import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { Link2, Plug } from "lucide-react";
import type { ConnectionStatus } from "@/api";
import type { PageCommand } from "@/app/commands";
import { workspaceRoute } from "@/app/routes";
import { many, manyOf, one, oneOf } from "@/lib/search-params";

export const STATUSES = [
  "active",
  "reauthorization_required",
  "expired",
  "error",
  "disabled",
] as const satisfies ConnectionStatus[];

export interface ConnectionsSearch {
  q?: string;
  status?: ConnectionStatus[];
  integration?: string;
  owner?: "me";
  end_user?: string;
  /** The window to connect is open: for this service, or for one to choose (`new`). */
  connect?: string;
  /** How an authorization ended that led here; `popup` names its attempt where it was one. */
  popup?: string;
  connection_id?: string;
  error?: string;
  error_description?: string;
}

function validateSearch(search: Record<string, unknown>): ConnectionsSearch {
  return {
    q: one(search.q),
    status: manyOf(search.status, STATUSES),
    integration: many(search.integration)?.[0],
    owner: oneOf(search.owner, ["me"]),
    end_user: one(search.end_user),
    connect: one(search.connect),
    popup: one(search.popup),
    connection_id: one(search.connection_id),
    error: one(search.error),
    error_description: one(search.error_description),
  };
}

export const connectionsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "connections",
  validateSearch,
  component: lazyRouteComponent(() => import("./connections-page"), "ConnectionsPage"),
});

export const connectLinksRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "connections/links",
  validateSearch: (search: Record<string, unknown>): { make?: "link"; end_user?: string } => ({
    make: oneOf(search.make, ["link"]),
    end_user: one(search.end_user),
  }),
  component: lazyRouteComponent(() => import("./links/connect-links-page"), "ConnectLinksPage"),
});

export const connectionRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "connections/$connectionId",
  component: lazyRouteComponent(() => import("./detail/connection-page"), "ConnectionPage"),
});

export const routes = [connectionsRoute, connectLinksRoute, connectionRoute] as const;

export const commands: readonly PageCommand[] = [
  {
    id: "connect-service",
    label: "Connect a service",
    keywords: ["new connection", "add account", "oauth", "key"],
    icon: Plug,
    path: "connections?connect=new",
  },
  {
    id: "make-connect-link",
    label: "Make a connect link",
    keywords: ["end user", "customer", "invite"],
    icon: Link2,
    path: "connections/links?make=link",
  },
];
