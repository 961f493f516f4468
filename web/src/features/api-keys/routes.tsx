import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { KeyRound } from "lucide-react";
import type { PageCommand } from "@/app/commands";
import { workspaceRoute } from "@/app/routes";
import { one, oneOf } from "@/lib/search-params";

export interface APIKeysSearch {
  /** Those that were revoked are listed too. */
  revoked?: "shown";
  /** The key whose details are shown. */
  key?: string;
  /** The window that makes one is open. */
  create?: "key";
}

export const apiKeysRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "api-keys",
  validateSearch: (search: Record<string, unknown>): APIKeysSearch => ({
    revoked: oneOf(search.revoked, ["shown"]),
    key: one(search.key),
    create: oneOf(search.create, ["key"]),
  }),
  component: lazyRouteComponent(() => import("./api-keys-page"), "APIKeysPage"),
});

export const routes = [apiKeysRoute] as const;

export const commands: readonly PageCommand[] = [
  {
    id: "create-api-key",
    label: "Create an API key",
    keywords: ["token", "secret", "new key"],
    icon: KeyRound,
    path: "api-keys?create=key",
  },
];
