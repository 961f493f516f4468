import { type ReactNode, useMemo } from "react";
import type { Crumb } from "@/app/page-title";
import { useWorkspace } from "@/app/session";
import { PageHeader } from "@/components/page-header";

interface SettingsHeaderProps {
  title: string;
  description?: ReactNode;
  badge?: ReactNode;
  actions?: ReactNode;
  /** Below the settings: the list that this is of. Keep it stable. */
  parent?: Crumb;
}

export function SettingsHeader({ parent, ...header }: SettingsHeaderProps) {
  const { id: workspaceId } = useWorkspace();
  const parents = useMemo<Crumb[]>(
    () => [
      { label: "Settings", link: { to: "/w/$workspaceId/settings", params: { workspaceId } } },
      ...(parent ? [parent] : []),
    ],
    [workspaceId, parent],
  );
  return <PageHeader parents={parents} {...header} />;
}
