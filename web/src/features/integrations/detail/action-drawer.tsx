import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Pencil, Play, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import { type ActionOutput, deleteAction, getActionOptions, type IntegrationDetailOutput } from "@/api";
import { useWorkspace } from "@/app/session";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { CopyId } from "@/components/copy-id";
import { Drawer } from "@/components/drawer";
import { ErrorState } from "@/components/error-state";
import { JsonView } from "@/components/json-editor";
import { PlainText } from "@/components/plain-text";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import { SkeletonRows } from "@/components/ui/skeleton";
import { formatDuration } from "@/lib/format";
import { refreshIntegration, useMayEdit } from "../data";
import type { JsonSchema } from "../schema/json-schema";
import { parametersOf } from "../schema/parameters";
import { effectWord, MethodAndPath } from "./action-words";
import { ParameterList } from "./parameter-list";

interface DrawerProps {
  integration: IntegrationDetailOutput;
  /** Which action; none, and the drawer is closed. */
  slug: string | undefined;
  onClose: () => void;
}

/** An action with its parameters, for people. */
export function ActionDrawer({ integration, slug = "", onClose }: DrawerProps) {
  const { organization_id } = useWorkspace();
  const { data, error, refetch } = useQuery({
    ...getActionOptions({ path: { slug: integration.slug, action: slug }, query: { organization_id } }),
    enabled: slug !== "",
  });
  return (
    <Drawer
      open={slug !== ""}
      onClose={onClose}
      title={data?.name ?? slug}
      subtitle={data && <MethodAndPath {...data} />}
    >
      {data ? (
        <Content integration={integration} action={data} onDeleted={onClose} />
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} title="The action could not be loaded" />
      ) : (
        <SkeletonRows rows={6} />
      )}
    </Drawer>
  );
}

interface ContentProps {
  integration: IntegrationDetailOutput;
  action: ActionOutput;
  onDeleted: () => void;
}

function Content({ integration, action, onDeleted }: ContentProps) {
  const schema = action.request_schema as JsonSchema;
  const parameters = parametersOf(schema);
  return (
    <div className="flex flex-col gap-6">
      <Buttons integration={integration} action={action} onDeleted={onDeleted} />
      {action.description && action.description !== action.name && (
        <p className="whitespace-pre-line break-words">
          <PlainText>{action.description}</PlainText>
        </p>
      )}
      <Section title={`Parameters${parameters.length > 0 ? ` (${parameters.length})` : ""}`}>
        {parameters.length > 0 ? (
          <ParameterList parameters={parameters} root={schema} />
        ) : (
          <p className="text-muted-foreground">It takes no parameters.</p>
        )}
      </Section>
      {action.scopes.length > 0 && (
        <Section title="Scopes">
          <Scopes names={action.scopes} integration={integration} />
        </Section>
      )}
      {action.examples.length > 0 && (
        <Section title={action.examples.length > 1 ? "Examples" : "Example"}>
          {action.examples.map((example, index) => (
            <JsonView
              key={JSON.stringify(example)}
              value={example}
              label={`Example ${index + 1} of ${action.name}`}
              className="max-h-64"
            />
          ))}
        </Section>
      )}
      <Technical action={action} />
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-2">
      <h3 className="font-medium">{title}</h3>
      {children}
    </section>
  );
}

function Scopes({ names, integration }: { names: readonly string[]; integration: IntegrationDetailOutput }) {
  const told = new Map(integration.scopes.map(({ name, description }) => [name, description]));
  return (
    <ul className="flex flex-col gap-1.5">
      {names.map((name) => (
        <li key={name} className="flex flex-col">
          <code className="break-all">{name}</code>
          {told.get(name) && <span className="text-muted-foreground text-xs">{told.get(name)}</span>}
        </li>
      ))}
    </ul>
  );
}

function Technical({ action }: { action: ActionOutput }) {
  const hasTransform = Object.keys(action.transform_config).length > 0;
  return (
    <Section title="About">
      <dl className="grid grid-cols-[6rem_minmax(0,1fr)] gap-x-4 gap-y-1 text-muted-foreground">
        <dt>Slug</dt>
        <dd>
          <CopyId id={action.slug} className="text-foreground" />
        </dd>
        <dt>Effect</dt>
        <dd className="text-foreground">
          {effectWord(action)}
          {action.hints.idempotent && !action.hints.read_only && "; twice is the same as once"}
        </dd>
        <dt>Timeout</dt>
        <dd className="text-foreground">{formatDuration(action.timeout_ms)}</dd>
        <dt>Changed</dt>
        <dd className="text-foreground">
          <TimeAgo time={action.updated_at} />, version {action.version}
        </dd>
      </dl>
      {hasTransform && (
        <details>
          <summary className="cursor-pointer rounded-sm text-muted-foreground hover:text-foreground">
            How the request is made and the answer is read
          </summary>
          <JsonView value={action.transform_config} label="transform_config" className="mt-2" />
        </details>
      )}
    </Section>
  );
}

function Buttons({ integration, action, onDeleted }: ContentProps) {
  const { id: workspaceId, organization_id, can } = useWorkspace();
  const client = useQueryClient();
  const mayEdit = useMayEdit() && action.editable;
  const [deleting, setDeleting] = useState(false);
  const path = { slug: integration.slug, action: action.slug };
  async function remove() {
    await deleteAction({ path, query: { organization_id }, throwOnError: true });
    toast.success(`${action.name} is deleted.`);
    onDeleted();
    void refreshIntegration(client, integration.slug, action.slug);
  }
  return (
    <div className="flex flex-wrap gap-2">
      {can.execute && (
        <Button asChild>
          <Link
            to="/w/$workspaceId/playground"
            params={{ workspaceId }}
            search={{ integration: integration.slug, action: action.slug }}
          >
            <Play /> Try in the playground
          </Link>
        </Button>
      )}
      {mayEdit && (
        <>
          <Button asChild>
            <Link to="/w/$workspaceId/integrations/$slug/actions/$action" params={{ workspaceId, ...path }}>
              <Pencil /> Edit
            </Link>
          </Button>
          <Button variant="danger" onClick={() => setDeleting(true)}>
            <Trash2 /> Delete
          </Button>
        </>
      )}
      <ConfirmDialog
        open={deleting}
        onOpenChange={setDeleting}
        title={`Delete ${action.name}?`}
        description="Whoever calls it gets an error from then on. Its executions stay in the log."
        action="Delete action"
        onConfirm={remove}
      />
    </div>
  );
}
