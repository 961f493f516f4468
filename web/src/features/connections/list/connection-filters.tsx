import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { listIntegrationsOptions } from "@/api";
import { FilterBar } from "@/components/filter-bar";
import { FilterSelect } from "@/components/filter-select";
import { ServiceLogo } from "@/components/service-logo";
import { statusWord } from "@/components/status-badge";
import { useSearchPatch } from "@/components/use-search-patch";
import { type ConnectionsSearch, STATUSES } from "../routes";

interface ConnectionFiltersProps {
  workspaceId: string;
  search: ConnectionsSearch;
}

const STATUS_OPTIONS = STATUSES.map((value) => ({ value, label: statusWord(value) }));
const OWNER_OPTIONS = [{ value: "me", label: "Me" }];

export function ConnectionFilters({ workspaceId, search }: ConnectionFiltersProps) {
  const patch = useSearchPatch();
  const { q, status, integration, owner, end_user } = search;
  const services = useConnectedServices(workspaceId);
  const find = useCallback((found: string | undefined) => patch({ q: found }), [patch]);
  return (
    <FilterBar
      search={{ value: q, onChange: find, placeholder: "Find a connection" }}
      active={isFiltered(search)}
      onClear={() =>
        patch({
          q: undefined,
          status: undefined,
          integration: undefined,
          owner: undefined,
          end_user: undefined,
        })
      }
    >
      <FilterSelect
        label="Status"
        options={STATUS_OPTIONS}
        value={status}
        onChange={(value) => patch({ status: value })}
      />
      <FilterSelect
        label="Service"
        single
        options={services}
        value={integration ? [integration] : undefined}
        onChange={(value) => patch({ integration: value?.[0] })}
      />
      <FilterSelect
        label="Owner"
        single
        options={OWNER_OPTIONS}
        value={owner ? [owner] : undefined}
        onChange={(value) => patch({ owner: value?.[0] })}
      />
      {end_user && (
        <FilterSelect
          label="End user"
          single
          options={[{ value: end_user, label: end_user }]}
          value={[end_user]}
          onChange={(value) => patch({ end_user: value?.[0] })}
        />
      )}
    </FilterBar>
  );
}

/** Whether anything is left out of the list. */
export function isFiltered({ q, status, integration, owner, end_user }: ConnectionsSearch): boolean {
  return Boolean(q || status || integration || owner || end_user);
}

function useConnectedServices(workspaceId: string) {
  const { data } = useQuery(
    listIntegrationsOptions({ query: { workspace_id: workspaceId, connected: true, limit: 200 } }),
  );
  return (data?.data ?? []).map(({ slug, name, connections }) => ({
    value: slug,
    label: name,
    icon: <ServiceLogo slug={slug} name={name} className="size-5" />,
    count: connections?.total,
  }));
}
