import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Plus, SearchX } from "lucide-react";
import { useMemo } from "react";
import type { IntegrationOutput } from "@/api";
import { useWorkspace } from "@/app/session";
import { DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { FilterBar } from "@/components/filter-bar";
import { FilterSelect, type Option } from "@/components/filter-select";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { Button } from "@/components/ui/button";
import { useSearchPatch } from "@/components/use-search-patch";
import { formatNumber } from "@/lib/format";
import { integrationsOptions, useMayEdit } from "./data";
import { filterIntegrations, filterOptions } from "./filter-integrations";
import { integrationColumns } from "./integration-columns";

const route = getRouteApi("/w/$workspaceId/integrations");
const OWNERS: Option[] = [
  { value: "own", label: "Your own" },
  { value: "shipped", label: "Shipped with Portway" },
];
const CONNECTED: Option[] = [
  { value: "yes", label: "Connected" },
  { value: "no", label: "Not connected" },
];
const NO_FILTERS = {
  q: undefined,
  category: undefined,
  auth: undefined,
  owner: undefined,
  connected: undefined,
};
const keyOf = ({ id }: IntegrationOutput) => id;

export function IntegrationsPage() {
  const workspace = useWorkspace();
  const filters = route.useSearch();
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(integrationsOptions(workspace));
  const rows = useMemo(() => data && filterIntegrations(data, filters), [data, filters]);
  const columns = useMemo(() => integrationColumns(workspace.id), [workspace.id]);
  return (
    <Page fill>
      <PageHeader
        title="Integrations"
        description="The services that this workspace can connect, and what can be done with them."
        actions={<NewButton />}
      />
      <Filters all={data} shown={rows?.length} />
      <DataTable
        label="Integrations"
        rows={rows}
        columns={columns}
        rowKey={keyOf}
        rowHeight={56}
        error={error}
        onRetry={() => void refetch()}
        total={rows?.length}
        onOpen={({ slug }) =>
          void navigate({
            to: "/w/$workspaceId/integrations/$slug",
            params: { workspaceId: workspace.id, slug },
          })
        }
        empty={<NothingFound query={filters.q} />}
      />
    </Page>
  );
}

function Filters({ all, shown }: { all: IntegrationOutput[] | undefined; shown: number | undefined }) {
  const filters = route.useSearch();
  const patch = useSearchPatch();
  const { categories, authTypes } = useMemo(() => filterOptions(all ?? []), [all]);
  const { q, category, auth, owner, connected } = filters;
  const search = useMemo(
    () => ({ value: q, onChange: (next?: string) => patch({ q: next }), placeholder: "Search integrations" }),
    [q, patch],
  );
  return (
    <FilterBar
      search={search}
      active={Object.values(filters).some((value) => value !== undefined)}
      onClear={() => patch(NO_FILTERS)}
      end={
        all &&
        shown !== undefined && (
          <span aria-live="polite">
            {shown === all.length
              ? formatNumber(shown)
              : `${formatNumber(shown)} of ${formatNumber(all.length)}`}
          </span>
        )
      }
    >
      <FilterSelect
        label="Category"
        options={categories}
        value={category}
        onChange={(next) => patch({ category: next })}
      />
      <FilterSelect
        label="Credential"
        options={authTypes}
        value={auth}
        onChange={(next) => patch({ auth: next })}
      />
      <FilterSelect
        label="From"
        single
        options={OWNERS}
        value={owner && [owner]}
        onChange={(next) => patch({ owner: next?.[0] })}
      />
      <FilterSelect
        label="Connected"
        single
        options={CONNECTED}
        value={connected && [connected]}
        onChange={(next) => patch({ connected: next?.[0] })}
      />
    </FilterBar>
  );
}

function NewButton() {
  const { id } = useWorkspace();
  if (!useMayEdit()) return null;
  return (
    <Button asChild variant="primary">
      <Link to="/w/$workspaceId/integrations/new" params={{ workspaceId: id }}>
        <Plus /> New integration
      </Link>
    </Button>
  );
}

function NothingFound({ query }: { query: string | undefined }) {
  const patch = useSearchPatch();
  const mayEdit = useMayEdit();
  return (
    <EmptyState
      icon={SearchX}
      title={query ? `No integration is like “${query}”` : "No integration is like that"}
      description={
        mayEdit
          ? "Look for something else, or import the service’s OpenAPI document: it can be used at once."
          : "Look for something else. An owner or admin of the organization can add the service."
      }
      action={
        <>
          <Button onClick={() => patch(NO_FILTERS)}>Clear the filters</Button>
          <NewButton />
        </>
      }
    />
  );
}
