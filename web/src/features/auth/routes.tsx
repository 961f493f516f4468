import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { authOptionsOptions } from "@/api";
import { rootRoute } from "@/app/routes";
import { one } from "@/lib/search-params";

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "sign-in",
  validateSearch: (search: Record<string, unknown>): { return_to?: string; error?: string } => ({
    return_to: one(search.return_to),
    error: one(search.error),
  }),
  // What it offers besides a password stands there from the beginning.
  loader: ({ context: { queryClient } }) => queryClient.prefetchQuery(authOptionsOptions()),
  component: lazyRouteComponent(() => import("./sign-in-page"), "SignInPage"),
});
export const signUpRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "sign-up",
  component: lazyRouteComponent(() => import("./sign-up-page"), "SignUpPage"),
});
export const setUpRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "set-up",
  component: lazyRouteComponent(() => import("./set-up-page"), "SetUpPage"),
});
export const invitationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "invitation",
  component: lazyRouteComponent(() => import("./invitation-page"), "InvitationPage"),
});
export const verifyEmailRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "verify-email",
  component: lazyRouteComponent(() => import("./verify-email-page"), "VerifyEmailPage"),
});
export const resetPasswordRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "reset-password",
  component: lazyRouteComponent(() => import("./reset-password-page"), "ResetPasswordPage"),
});

export const routes = [
  signInRoute,
  signUpRoute,
  setUpRoute,
  invitationRoute,
  verifyEmailRoute,
  resetPasswordRoute,
] as const;
