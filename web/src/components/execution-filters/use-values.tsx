import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import {
  type ExecutionStatus,
  type GetUsageData,
  type GroupOutput,
  getUsageOptions,
  listConnectionsOptions,
  listIntegrationsOptions,
  listMembersOptions,
  type UsageGroup,
} from "@/api";
import type { Option } from "@/components/filter-select";
import { ServiceLogo } from "@/components/service-logo";
import { statusWord } from "@/components/status-badge";
import { type LogConditions, STATUSES } from "./filters";
import type { Dimension } from "./values";

const GROUP: Record<Dimension, UsageGroup> = {
  status: "status",
  integration: "integration",
  action: "action",
  connection_id: "connection",
  user_id: "user",
  status_code: "status_code",
  error_code: "error_code",
};

const DAY_MS = 86_400_000;
const LONGEST_MS = 399 * DAY_MS;
const USUAL_MS = 90 * DAY_MS;

interface Values {
  /** None while they are asked for. */
  options?: Option[];
  /** Why they may be too few. */
  error?: unknown;
}

/** What a filter can be set to: what was used in the time, the busiest first, then what else there is. */
export function useValues(name: Dimension, conditions: LogConditions, enabled: boolean): Values {
  // A time that moves on would be another question each minute.
  const { question, whole } = useMemo(() => questionOf(name, conditions), [name, conditions]);
  const used = useQuery({ ...getUsageOptions({ query: question }), enabled, placeholderData: undefined });
  const known = useKnown(name, conditions.workspace_id ?? "", enabled);
  if (used.isLoading || known.isLoading) return {};
  const groups = (used.data?.groups ?? []).flatMap(({ group, executions }) => {
    const option = group && optionOf(name, group);
    return option ? [{ ...option, ...(whole && { count: executions }) }] : [];
  });
  const had = new Set(groups.map(({ value }) => value));
  const others = known.options.filter(({ value }) => !had.has(value));
  return { options: [...groups, ...others], error: used.error ?? known.error };
}

/** `whole`: what is counted is what the list has, so that the numbers may be shown. */
function questionOf(name: Dimension, conditions: LogConditions) {
  const { q, from, to, ...others } = conditions;
  const until = to ? Date.parse(to) : Date.now();
  const since = Math.max(from ? Date.parse(from) : until - USUAL_MS, until - LONGEST_MS);
  const question: NonNullable<GetUsageData["query"]> = {
    ...others,
    [name]: undefined,
    ...(name === "action" || name === "integration" ? { action: undefined } : {}),
    bucket: "day",
    group_by: GROUP[name],
    // To the minute, so that it is asked once.
    from: new Date(Math.floor(Math.min(since, until - DAY_MS) / 60_000) * 60_000).toISOString(),
    to: to ?? undefined,
  };
  return { question, whole: from !== undefined && since === Date.parse(from ?? "") && !q };
}

function optionOf(
  name: Dimension,
  { id, label, name: called, integration, is_rest }: GroupOutput,
): Option | undefined {
  if (is_rest || !id) return undefined;
  const icon = integration && <ServiceLogo slug={integration} name={integration} className="size-5" />;
  switch (name) {
    case "status":
      return { value: id, label: statusWord(id as ExecutionStatus) };
    case "integration":
      return label ? { value: label, label: called ?? label, icon } : undefined;
    case "action":
      return label
        ? { value: label, label: called ?? label, icon, detail: integration ?? undefined }
        : undefined;
    default:
      return { value: id, label: called ?? label ?? id, ...(icon && { icon }) };
  }
}

const ALL_STATUSES: Option[] = STATUSES.map((value) => ({ value, label: statusWord(value) }));

interface Known {
  options: Option[];
  error?: unknown;
  isLoading?: boolean;
}

/** What was not used in the time can be asked for as well. */
function useKnown(name: Dimension, workspaceId: string, enabled: boolean): Known {
  const query = { workspace_id: workspaceId, limit: 200 };
  const integrations = useQuery({
    ...listIntegrationsOptions({ query: { ...query, connected: true } }),
    enabled: enabled && name === "integration",
  });
  const connections = useQuery({
    ...listConnectionsOptions({ query }),
    enabled: enabled && name === "connection_id",
  });
  const members = useQuery({
    ...listMembersOptions({ path: { workspace_id: workspaceId }, query: { limit: 200 } }),
    enabled: enabled && name === "user_id",
  });
  switch (name) {
    case "status":
      return { options: ALL_STATUSES };
    case "integration":
      return known(integrations, ({ slug, name: label }) => ({
        value: slug,
        label,
        icon: <ServiceLogo slug={slug} name={label} className="size-5" />,
      }));
    case "connection_id":
      return known(connections, ({ id, name: label, integration, integration_name }) => ({
        value: id,
        label,
        icon: <ServiceLogo slug={integration} name={integration_name} className="size-5" />,
      }));
    case "user_id":
      return known(members, (member) => ({
        value: member.user_id,
        label: member.name ?? member.email ?? member.user_id,
      }));
    default:
      return { options: [] };
  }
}

function known<T>(
  { data, error, isLoading }: UseQueryResult<{ data: T[] }, unknown>,
  option: (element: T) => Option,
): Known {
  return { options: (data?.data ?? []).map(option), error, isLoading };
}
