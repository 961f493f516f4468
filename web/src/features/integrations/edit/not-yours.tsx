import { Link } from "@tanstack/react-router";
import { Lock } from "lucide-react";
import type { IntegrationOutput } from "@/api";
import { useWorkspace } from "@/app/session";
import { EmptyState } from "@/components/empty-state";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { Button } from "@/components/ui/button";
import { useIntegrationParents } from "./parents";

/** Instead of a form, for somebody who may not change what it is about; says why. */
export function NotYours({ integration }: { integration: IntegrationOutput }) {
  const { id: workspaceId } = useWorkspace();
  const { slug, name, organization_id } = integration;
  const parents = useIntegrationParents(integration);
  return (
    <Page width="narrow">
      <PageHeader title={name} parents={parents} />
      <EmptyState
        icon={Lock}
        title="You can look at it, not change it"
        description={
          organization_id === null
            ? "It is shipped with Portway, and everybody uses the same. Import or make one of your own to change it."
            : "Only an owner or admin of the organization can change its integrations and their actions."
        }
        action={
          <Button asChild variant="primary">
            <Link to="/w/$workspaceId/integrations/$slug" params={{ workspaceId, slug }}>
              Back to {name}
            </Link>
          </Button>
        }
      />
    </Page>
  );
}
