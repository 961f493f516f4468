import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { FileUp } from "lucide-react";
import type { PageCommand } from "@/app/commands";
import { workspaceRoute } from "@/app/routes";
import { one, oneOf } from "@/lib/search-params";

export interface NewIntegrationSearch {
  from?: "document" | "hand";
  /** The slug of an integration that a newer document is for. */
  update?: string;
}

export const newIntegrationRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "integrations/new",
  validateSearch: (search): NewIntegrationSearch => ({
    from: oneOf(search.from, ["document", "hand"]),
    update: one(search.update),
  }),
  component: lazyRouteComponent(() => import("./new-integration-page"), "NewIntegrationPage"),
});

export const routes = [newIntegrationRoute] as const;
export const commands: readonly PageCommand[] = [
  {
    id: "new-integration",
    label: "New integration from an OpenAPI document",
    keywords: ["import", "swagger", "postman", "discovery", "api", "add service"],
    icon: FileUp,
    path: "integrations/new",
  },
];
