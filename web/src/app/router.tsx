import { createRouter } from "@tanstack/react-router";
import { onSignedOut } from "@/api";
import { routes as apiKeys } from "@/features/api-keys/routes";
import { routes as auth } from "@/features/auth/routes";
import { routes as connections } from "@/features/connections/routes";
import { routes as home } from "@/features/home/routes";
import { routes as integrations } from "@/features/integrations/routes";
import { routes as logs } from "@/features/logs/routes";
import { routes as newIntegration } from "@/features/new-integration/routes";
import { routes as playground } from "@/features/playground/routes";
import { routes as settings } from "@/features/settings/routes";
import { routes as usage } from "@/features/usage/routes";
import { parseSearch, stringifySearch } from "@/lib/search-params";
import { createQueryClient } from "./query-client";
import { NotFoundPage, PageError } from "./root-layout";
import { rootRoute, startRoute, workspaceRoute, workspaceStartRoute } from "./routes";
import { withoutParameters } from "./session";

export const queryClient = createQueryClient();

const routeTree = rootRoute.addChildren([
  startRoute,
  ...auth,
  workspaceRoute.addChildren([
    workspaceStartRoute,
    ...home,
    ...integrations,
    ...newIntegration,
    ...connections,
    ...playground,
    ...logs,
    ...usage,
    ...apiKeys,
    ...settings,
  ]),
]);

export const router = createRouter({
  routeTree,
  context: { queryClient },
  parseSearch,
  stringifySearch,
  // Within the frame, where the rest still works.
  defaultErrorComponent: PageError,
  defaultNotFoundComponent: NotFoundPage,
  defaultPreload: "intent",
  // What is loaded is kept by the query client alone.
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  scrollToTopSelectors: ["#page"],
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

onSignedOut(() => {
  const { pathname, href } = router.state.location;
  // Where nobody was signed in, the page's guard leads on.
  if (!pathname.startsWith("/w/")) return;
  const signIn = router.buildLocation({ to: "/sign-in", search: { return_to: withoutParameters(href) } });
  // Loaded anew: nothing of this person stays in the memory of the page.
  window.location.assign(signIn.href);
});
