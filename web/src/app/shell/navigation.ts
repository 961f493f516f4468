import type { LinkProps } from "@tanstack/react-router";
import {
  ChartNoAxesColumn,
  House,
  KeyRound,
  LayoutGrid,
  type LucideIcon,
  Plug,
  ScrollText,
  Settings,
  SquareTerminal,
} from "lucide-react";

/** The pages of a workspace, in the order of the navigation. */
export const SECTIONS = [
  { label: "Home", to: "/w/$workspaceId/home", path: "home", icon: House, keys: "g h" },
  {
    label: "Integrations",
    to: "/w/$workspaceId/integrations",
    path: "integrations",
    icon: LayoutGrid,
    keys: "g i",
  },
  { label: "Connections", to: "/w/$workspaceId/connections", path: "connections", icon: Plug, keys: "g c" },
  {
    label: "Playground",
    to: "/w/$workspaceId/playground",
    path: "playground",
    icon: SquareTerminal,
    keys: "g p",
  },
  { label: "Logs", to: "/w/$workspaceId/logs", path: "logs", icon: ScrollText, keys: "g l" },
  { label: "Usage", to: "/w/$workspaceId/usage", path: "usage", icon: ChartNoAxesColumn, keys: "g u" },
  { label: "API keys", to: "/w/$workspaceId/api-keys", path: "api-keys", icon: KeyRound, keys: "g k" },
  { label: "Settings", to: "/w/$workspaceId/settings", path: "settings", icon: Settings, keys: "g s" },
] as const satisfies readonly {
  label: string;
  to: LinkProps["to"];
  /** Below `/w/$workspaceId/`. */
  path: string;
  icon: LucideIcon;
  keys: string;
}[];

export type Section = (typeof SECTIONS)[number];
