import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { PageCommand } from "@/app/commands";
import { workspaceRoute } from "@/app/routes";
import { oneOf } from "@/lib/search-params";
import { HOME_RANGES, type HomeRange } from "./use-usage";

export const homeRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "home",
  validateSearch: (search: Record<string, unknown>): { range?: HomeRange } => ({
    range: oneOf(search.range, HOME_RANGES),
  }),
  component: lazyRouteComponent(() => import("./home-page"), "HomePage"),
});

export const routes = [homeRoute] as const;
export const commands: readonly PageCommand[] = [];
