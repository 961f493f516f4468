import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { ChartColumn } from "lucide-react";
import type { PageCommand } from "@/app/commands";
import { workspaceRoute } from "@/app/routes";
import { usageSearch } from "./search";

export const usageRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "usage",
  validateSearch: usageSearch,
  component: lazyRouteComponent(() => import("./usage-page"), "UsagePage"),
});

export const routes = [usageRoute] as const;

export const commands: readonly PageCommand[] = [
  {
    id: "usage-by-integration",
    label: "Usage by integration",
    keywords: ["charts", "analytics", "statistics"],
    icon: ChartColumn,
    path: "usage?range=30d&group_by=integration",
  },
  {
    id: "usage-by-error",
    label: "Errors over time",
    keywords: ["charts", "failures", "error codes"],
    icon: ChartColumn,
    path: "usage?range=7d&group_by=error_code",
  },
];
