import { Link } from "@tanstack/react-router";
import { Pencil } from "lucide-react";
import type { IntegrationDetailOutput } from "@/api";
import { useWorkspace } from "@/app/session";
import { CopyId } from "@/components/copy-id";
import { JsonView } from "@/components/json-editor";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardHeader } from "@/components/ui/card";
import { useMayEdit } from "../data";

const DOCUMENTS = [
  ["auth_config", "Credentials", "How the service recognizes its callers, and where tokens come from."],
  ["transform_config", "Requests and answers", "What holds for all of its actions."],
  ["rate_limits", "Rate limits", "How often the service may be called."],
] as const;

/** The integration as it is stored. */
export function DefinitionTab({ integration }: { integration: IntegrationDetailOutput }) {
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="flex flex-wrap items-center gap-x-2 text-muted-foreground">
          Version {integration.version}, changed <TimeAgo time={integration.updated_at} />
          <CopyId id={integration.id} />
        </p>
        <EditButton integration={integration} />
      </div>
      {DOCUMENTS.map(([member, title, description]) => (
        <Card key={member}>
          <CardHeader title={title} description={description}>
            <code className="text-muted-foreground text-xs">{member}</code>
          </CardHeader>
          <CardContent>
            {isEmpty(integration[member]) ? (
              <p className="text-muted-foreground">Nothing but what is usual.</p>
            ) : (
              <JsonView value={integration[member]} label={`${member} of ${integration.name}`} />
            )}
          </CardContent>
        </Card>
      ))}
    </div>
  );
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

function EditButton({ integration }: { integration: IntegrationDetailOutput }) {
  const { id: workspaceId } = useWorkspace();
  const mayEdit = useMayEdit();
  if (integration.organization_id === null)
    return <p className="text-muted-foreground">Shipped with Portway: everybody uses the same.</p>;
  if (!mayEdit) return null;
  return (
    <Button asChild>
      <Link to="/w/$workspaceId/integrations/$slug/edit" params={{ workspaceId, slug: integration.slug }}>
        <Pencil /> Edit
      </Link>
    </Button>
  );
}
