import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useMemo, useRef, useState } from "react";
import { toast } from "sonner";
import {
  type ActionOutput,
  changeActionMutation,
  createActionMutation,
  getActionOptions,
  type IntegrationDetailOutput,
  type Problem,
  problemOf,
} from "@/api";
import { useWorkspace } from "@/app/session";
import { InlineError } from "@/components/error-state";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { Button } from "@/components/ui/button";
import { UnsavedGuard } from "@/components/unsaved-guard";
import { isElsewhere } from "@/lib/faults";
import { useShortcut } from "@/lib/shortcuts";
import { integrationOptions, refreshIntegration, useEditRight } from "../data";
import { Waiting } from "../integration-page";
import {
  ACTION_MEMBERS,
  type ActionDraft,
  actionChanges,
  actionOf,
  draftOfAction,
  EMPTY_ACTION,
} from "./action-draft";
import { ActionFields } from "./action-fields";
import { slugOf } from "./integration-draft";
import { LivePreview } from "./live-preview";
import { NotYours } from "./not-yours";
import { useIntegrationParents } from "./parents";
import { useDraftPreview } from "./use-draft-preview";

const newRoute = getRouteApi("/w/$workspaceId/integrations/$slug/new-action");
const editRoute = getRouteApi("/w/$workspaceId/integrations/$slug/actions/$action");
const FORM = "action-form";

export function NewActionPage() {
  const { slug } = newRoute.useParams();
  const { data: mayEdit, ...right } = useEditRight();
  const { data, error, refetch } = useQuery(integrationOptions(slug, useWorkspace()));
  if (!data || mayEdit === undefined) {
    const retry = () => void Promise.all([refetch(), right.refetch()]);
    return <Waiting slug={slug} error={error ?? right.error} onRetry={retry} />;
  }
  if (!mayEdit || data.organization_id === null) return <NotYours integration={data} />;
  return <Editor integration={data} />;
}

export function EditActionPage() {
  const { slug, action } = editRoute.useParams();
  const workspace = useWorkspace();
  const { data: mayEdit, ...right } = useEditRight();
  const integration = useQuery(integrationOptions(slug, workspace));
  const row = useQuery(
    getActionOptions({ path: { slug, action }, query: { organization_id: workspace.organization_id } }),
  );
  if (!integration.data || !row.data || mayEdit === undefined) {
    const retry = () => void Promise.all([integration.refetch(), row.refetch(), right.refetch()]);
    const error = integration.error ?? row.error ?? right.error;
    return <Waiting slug={slug} error={error} onRetry={retry} />;
  }
  if (!mayEdit || !row.data.editable) return <NotYours integration={integration.data} />;
  return <Editor integration={integration.data} row={row.data} key={row.data.id} />;
}

interface EditorProps {
  integration: IntegrationDetailOutput;
  /** The action that is changed; none for a new one. */
  row?: ActionOutput;
}

function Editor({ integration, row: newest }: EditorProps) {
  // What the draft is made from: what others change meanwhile is no change of this one.
  const [row] = useState(newest);
  const form = useRef<HTMLFormElement>(null);
  const { id: workspaceId } = useWorkspace();
  const parents = useIntegrationParents(integration);
  const { draft, change, isChanged } = useDraft(row);
  const body = useMemo(() => actionOf(draft, row), [draft, row]);
  const live = useDraftPreview(integration, body);
  const { save, forget, isPending, problem } = useSaving(integration, row);
  // What was refused when it was stored is said until something is changed; else what the preview says.
  const [shown, pointer] = problem ? [problem, ""] : [live.problem, "/action"];
  function submit(event: FormEvent) {
    event.preventDefault();
    if (body) save(body);
  }
  useShortcut({
    keys: "mod+s",
    label: "Save the action",
    everywhere: true,
    run: () => form.current?.requestSubmit(),
  });
  return (
    <Page>
      <PageHeader
        title={row ? `Edit ${row.name}` : "New action"}
        parents={parents}
        actions={
          <>
            <Button asChild>
              <Link
                to="/w/$workspaceId/integrations/$slug"
                params={{ workspaceId, slug: integration.slug }}
                search={{ action: row?.slug }}
                ignoreBlocker
              >
                Cancel
              </Link>
            </Button>
            <Button type="submit" form={FORM} variant="primary" busy={isPending} disabled={!body}>
              {row ? "Save changes" : "Create action"}
            </Button>
          </>
        }
      />
      <div className="grid min-w-0 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
        <form id={FORM} ref={form} onSubmit={submit} className="min-w-0">
          {problem &&
            isElsewhere(
              problem,
              ACTION_MEMBERS.map((name) => `/${name}`),
            ) && <InlineError error={problem} className="mb-4" />}
          <ActionFields
            draft={draft}
            onChange={(part) => {
              forget();
              change(part);
            }}
            problem={shown}
            pointer={pointer}
            withSlug={!row}
          />
        </form>
        <div className="min-w-0 lg:sticky lg:top-5 lg:max-h-[calc(100dvh-5.5rem)] lg:overflow-y-auto">
          <LivePreview {...live} />
        </div>
      </div>
      <UnsavedGuard unsaved={isChanged} />
    </Page>
  );
}

/** What is being written. A new action's slug follows its name until it is given one. */
function useDraft(row: ActionOutput | undefined) {
  const [beginning] = useState(() => (row ? draftOfAction(row) : EMPTY_ACTION));
  const [draft, setDraft] = useState(beginning);
  function change(part: Partial<ActionDraft>) {
    setDraft((before) => {
      const follows = !row && part.name !== undefined && before.slug === slugOf(before.name);
      return { ...before, ...part, ...(follows && { slug: slugOf(part.name ?? "") }) };
    });
  }
  return { draft, change, isChanged: draft !== beginning };
}

type Body = NonNullable<ReturnType<typeof actionOf>>;

function useSaving({ slug }: IntegrationDetailOutput, row: ActionOutput | undefined) {
  const { id: workspaceId, organization_id } = useWorkspace();
  const client = useQueryClient();
  const navigate = useNavigate();
  const query = { organization_id };
  function onSuccess(saved: ActionOutput) {
    toast.success(row ? `${saved.name} is changed.` : `${saved.name} can be run.`);
    void refreshIntegration(client, slug);
    void navigate({
      to: "/w/$workspaceId/integrations/$slug",
      params: { workspaceId, slug },
      search: { action: saved.slug },
      ignoreBlocker: true,
    });
  }
  // Keys may be pressed again before the page shows that it is saving; once saved, it is left.
  const isBegun = useRef(false);
  const onError = () => {
    isBegun.current = false;
  };
  const create = useMutation({ ...createActionMutation(), onSuccess, onError });
  const changeIt = useMutation({ ...changeActionMutation(), onSuccess, onError });
  function save(body: Body) {
    if (isBegun.current) return;
    isBegun.current = true;
    if (!row) return create.mutate({ path: { slug }, query, body });
    const path = { slug, action: row.slug };
    changeIt.mutate({ path, query, body: actionChanges(row, body) });
  }
  const error = create.error ?? changeIt.error;
  const problem: Problem | undefined = error ? problemOf(error) : undefined;
  function forget() {
    if (create.isError) create.reset();
    if (changeIt.isError) changeIt.reset();
  }
  return { save, forget, isPending: create.isPending || changeIt.isPending, problem };
}
