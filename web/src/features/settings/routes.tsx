import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { Building2, KeyRound, Mail, User, Users, Webhook } from "lucide-react";
import type { PageCommand } from "@/app/commands";
import { workspaceRoute } from "@/app/routes";
import { one, oneOf } from "@/lib/search-params";

export const settingsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "settings",
  component: lazyRouteComponent(() => import("./settings-layout"), "SettingsLayout"),
});

const startRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/w/$workspaceId/settings/profile", params, replace: true });
  },
});

const profileRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "profile",
  component: lazyRouteComponent(() => import("./profile/profile-page"), "ProfilePage"),
});

const membersRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "members",
  component: lazyRouteComponent(() => import("./members/members-page"), "MembersPage"),
});

const invitationsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "invitations",
  validateSearch: (search: Record<string, unknown>): { invite?: "new" } => ({
    invite: oneOf(search.invite, ["new"]),
  }),
  component: lazyRouteComponent(() => import("./invitations/invitations-page"), "InvitationsPage"),
});

const workspacesRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "workspaces",
  validateSearch: (search: Record<string, unknown>): { create?: "workspace" } => ({
    create: oneOf(search.create, ["workspace"]),
  }),
  component: lazyRouteComponent(() => import("./workspaces/workspaces-page"), "WorkspacesPage"),
});

const organizationRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "organization",
  component: lazyRouteComponent(() => import("./organization/organization-page"), "OrganizationPage"),
});

const organizationMembersRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "organization/members",
  component: lazyRouteComponent(
    () => import("./members/organization-members-page"),
    "OrganizationMembersPage",
  ),
});

const oauthClientsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "oauth-clients",
  component: lazyRouteComponent(() => import("./oauth-clients/oauth-clients-page"), "OAuthClientsPage"),
});

const webhooksRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "webhooks",
  validateSearch: (search: Record<string, unknown>): { create?: "webhook" } => ({
    create: oneOf(search.create, ["webhook"]),
  }),
  component: lazyRouteComponent(() => import("./webhooks/webhooks-page"), "WebhooksPage"),
});

export const DELIVERY_STATUSES = ["pending", "delivered", "failed"] as const;

export interface WebhookSearch {
  status?: (typeof DELIVERY_STATUSES)[number];
  /** The delivery whose details are shown. */
  delivery?: string;
}

const webhookRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "webhooks/$webhookId",
  validateSearch: (search: Record<string, unknown>): WebhookSearch => ({
    status: oneOf(search.status, DELIVERY_STATUSES),
    delivery: one(search.delivery),
  }),
  component: lazyRouteComponent(() => import("./webhooks/webhook-page"), "WebhookPage"),
});

export const routes = [
  settingsRoute.addChildren([
    startRoute,
    profileRoute,
    membersRoute,
    invitationsRoute,
    workspacesRoute,
    organizationRoute,
    organizationMembersRoute,
    oauthClientsRoute,
    webhooksRoute,
    webhookRoute,
  ]),
] as const;

export const commands: readonly PageCommand[] = [
  {
    id: "settings-profile",
    label: "Your profile and password",
    keywords: ["account", "sessions", "theme", "change password"],
    icon: User,
    path: "settings/profile",
  },
  {
    id: "settings-members",
    label: "Members and roles",
    keywords: ["people", "team", "users"],
    icon: Users,
    path: "settings/members",
  },
  {
    id: "settings-invite",
    label: "Invite somebody",
    keywords: ["invitation", "add member", "team"],
    icon: Mail,
    path: "settings/invitations?invite=new",
  },
  {
    id: "settings-workspaces",
    label: "Workspaces",
    keywords: ["create workspace", "rename", "delete"],
    icon: Building2,
    path: "settings/workspaces",
  },
  {
    id: "settings-organization",
    label: "Organization",
    keywords: ["company", "rename", "leave"],
    icon: Building2,
    path: "settings/organization",
  },
  {
    id: "settings-oauth-clients",
    label: "OAuth clients",
    keywords: ["client id", "secret"],
    icon: KeyRound,
    path: "settings/oauth-clients",
  },
  {
    id: "settings-webhooks",
    label: "Webhooks",
    keywords: ["events", "deliveries"],
    icon: Webhook,
    path: "settings/webhooks",
  },
];
