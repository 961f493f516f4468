import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Plus, SearchX, Wrench } from "lucide-react";
import { useMemo } from "react";
import type { ActionOutput, IntegrationDetailOutput } from "@/api";
import { useWorkspace } from "@/app/session";
import { type Column, DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { FilterBar } from "@/components/filter-bar";
import { Button } from "@/components/ui/button";
import { useSearchPatch } from "@/components/use-search-patch";
import { formatNumber } from "@/lib/format";
import { actionsOptions, useMayEdit } from "../data";
import { wordsOf } from "../filter-integrations";
import { ActionDrawer } from "./action-drawer";
import { effectWord, MethodAndPath } from "./action-words";

const route = getRouteApi("/w/$workspaceId/integrations/$slug");
const keyOf = ({ slug }: ActionOutput) => slug;

const COLUMNS: Column<ActionOutput>[] = [
  {
    id: "name",
    header: "Action",
    width: "minmax(0,1fr)",
    cell: ({ name, description, slug }) => (
      <div className="min-w-0">
        <p className="truncate font-medium">{name}</p>
        <p className="truncate text-muted-foreground text-xs">
          {(description !== name && description.replaceAll("`", "")) || slug}
        </p>
      </div>
    ),
  },
  { id: "request", header: "Request", width: "minmax(0,0.8fr)", from: 760, cell: MethodAndPath },
  {
    id: "effect",
    header: "Effect",
    width: "5.5rem",
    from: 480,
    cell: (action) => <span className="text-muted-foreground">{effectWord(action)}</span>,
  },
];

/** What the integration can do, searched as one types. An action opens beside the list. */
export function ActionsTab({ integration }: { integration: IntegrationDetailOutput }) {
  const workspace = useWorkspace();
  const { q, action } = route.useSearch();
  const patch = useSearchPatch();
  const { data, error, refetch } = useQuery(actionsOptions(integration.slug, workspace));
  const rows = useMemo(() => data && found(data, q), [data, q]);
  const search = useMemo(
    () => ({ value: q, onChange: (next?: string) => patch({ q: next }), placeholder: "Search actions" }),
    [q, patch],
  );
  return (
    <div className="flex min-h-80 flex-1 flex-col gap-3">
      <FilterBar
        search={search}
        end={
          <>
            {rows && data && <span aria-live="polite">{countWords(rows.length, data.length)}</span>}
            <NewAction integration={integration} />
          </>
        }
      />
      <DataTable
        label="Actions"
        rows={rows}
        columns={COLUMNS}
        rowKey={keyOf}
        rowHeight={52}
        error={error}
        onRetry={() => void refetch()}
        total={rows?.length}
        openKey={action}
        onOpen={({ slug }) => patch({ action: slug }, { push: action === undefined })}
        empty={<NoActions integration={integration} query={q} />}
      />
      <ActionDrawer integration={integration} slug={action} onClose={() => patch({ action: undefined })} />
    </div>
  );
}

function countWords(shown: number, all: number): string {
  if (shown < all) return `${formatNumber(shown)} of ${formatNumber(all)}`;
  return all === 1 ? "1 action" : `${formatNumber(all)} actions`;
}

function found(all: readonly ActionOutput[], query: string | undefined): ActionOutput[] {
  const words = wordsOf(query);
  const named = (action: ActionOutput) => words.every((word) => action.name.toLowerCase().includes(word));
  const fitting = all.filter(({ name, slug, description, http_method, endpoint_path }) => {
    const text = `${name} ${slug} ${description} ${http_method} ${endpoint_path}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  // Those that are called so come first.
  return [...fitting.filter(named), ...fitting.filter((action) => !named(action))];
}

function NewAction({ integration }: { integration: IntegrationDetailOutput }) {
  const { id: workspaceId } = useWorkspace();
  const mayEdit = useMayEdit();
  if (integration.organization_id === null || !mayEdit) return null;
  return (
    <Button asChild>
      <Link
        to="/w/$workspaceId/integrations/$slug/new-action"
        params={{ workspaceId, slug: integration.slug }}
      >
        <Plus /> New action
      </Link>
    </Button>
  );
}

function NoActions({
  integration,
  query,
}: {
  integration: IntegrationDetailOutput;
  query: string | undefined;
}) {
  const patch = useSearchPatch();
  return query ? (
    <EmptyState
      icon={SearchX}
      title={`No action is like “${query}”`}
      description="Names, descriptions, methods and paths are looked through."
      action={<Button onClick={() => patch({ q: undefined })}>Clear the search</Button>}
    />
  ) : (
    <EmptyState
      icon={Wrench}
      title="It has no actions yet"
      description="An action is a request to the service, with its parameters as a form."
      action={<NewAction integration={integration} />}
    />
  );
}
