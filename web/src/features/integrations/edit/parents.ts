import { useMemo } from "react";
import type { IntegrationOutput } from "@/api";
import { useWorkspace } from "@/app/session";

/** The pages above one that changes something of an integration. */
export function useIntegrationParents({ slug, name }: Pick<IntegrationOutput, "slug" | "name">) {
  const { id: workspaceId } = useWorkspace();
  return useMemo(
    () => [
      {
        label: "Integrations",
        link: { to: "/w/$workspaceId/integrations", params: { workspaceId } } as const,
      },
      {
        label: name,
        link: { to: "/w/$workspaceId/integrations/$slug", params: { workspaceId, slug } } as const,
      },
    ],
    [workspaceId, slug, name],
  );
}
