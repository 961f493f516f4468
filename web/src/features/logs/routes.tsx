import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { CircleX, ScrollText } from "lucide-react";
import type { PageCommand } from "@/app/commands";
import { workspaceRoute } from "@/app/routes";
import { logsSearch } from "./search";

export const logsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "logs",
  validateSearch: logsSearch,
  component: lazyRouteComponent(() => import("./logs-page"), "LogsPage"),
});

export const routes = [logsRoute] as const;

export const commands: readonly PageCommand[] = [
  {
    id: "failed-executions",
    label: "Failed executions",
    keywords: ["errors", "logs", "failures"],
    icon: CircleX,
    path: "logs?status=error",
  },
  {
    id: "executions-today",
    label: "Executions of today",
    keywords: ["logs", "recent", "audit"],
    icon: ScrollText,
    path: "logs?range=24h",
  },
];
