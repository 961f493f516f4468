import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { PageCommand } from "@/app/commands";
import { workspaceRoute } from "@/app/routes";
import { one } from "@/lib/search-params";

export interface PlaygroundSearch {
  connection?: string;
  /** Without a connection: whose connections are meant. */
  integration?: string;
  action?: string;
  /** JSON, where it is short. */
  parameters?: string;
}

export const playgroundRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "playground",
  validateSearch: (search: Record<string, unknown>): PlaygroundSearch => ({
    connection: one(search.connection),
    integration: one(search.integration),
    action: one(search.action),
    parameters: one(search.parameters),
  }),
  component: lazyRouteComponent(() => import("./playground-page"), "PlaygroundPage"),
});

export const routes = [playgroundRoute] as const;
export const commands: readonly PageCommand[] = [];
