import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { WorkspaceOutput } from "@/api";
import { organizationsOptions, useWorkspace, workspacesOptions } from "@/app/session";

/** What was loaded of workspaces and organizations is loaded anew. */
export function useRefreshTenancy(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await Promise.all([
      client.invalidateQueries({ queryKey: workspacesOptions().queryKey }),
      client.invalidateQueries({ queryKey: organizationsOptions().queryKey }),
    ]);
  };
}

/** After some workspaces are gone: on to one that is left, if this page's is among them. */
export function useGoOn(): (isGone: (workspace: WorkspaceOutput) => boolean) => Promise<void> {
  const client = useQueryClient();
  const navigate = useNavigate();
  const here = useWorkspace();
  const refresh = useRefreshTenancy();
  return async (isGone) => {
    const left = (client.getQueryData(workspacesOptions().queryKey) ?? []).filter((each) => !isGone(each));
    if (isGone(here)) {
      const next = left[0];
      // Without any workspace there is no page to go to but the start, which has to read everything anew.
      if (!next) return window.location.assign("/");
      await navigate({ to: "/w/$workspaceId/home", params: { workspaceId: next.id } });
    }
    client.setQueryData(workspacesOptions().queryKey, left);
    await refresh();
  };
}
