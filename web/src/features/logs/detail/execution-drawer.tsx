import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronDown, ChevronUp, Play } from "lucide-react";
import type { LogOutput } from "@/api";
import { CopyButton } from "@/components/copy-id";
import { Drawer } from "@/components/drawer";
import { ErrorState } from "@/components/error-state";
import { ServiceLogo } from "@/components/service-logo";
import { StatusBadge } from "@/components/status-badge";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { actionOf } from "../list/columns";
import { executionOptions } from "./execution";
import { Facts } from "./facts";
import { Failure } from "./failure";
import { Payloads } from "./payloads";
import { againSearch } from "./run-again";

interface ExecutionDrawerProps {
  /** Undefined: closed. */
  id: string | undefined;
  /** The list that it is of, for the one before and the next. */
  rows: readonly LogOutput[] | undefined;
  onOpen: (id: string) => void;
  onClose: () => void;
  onFilter: (change: Record<string, unknown>) => void;
}

const RUNNING_MS = 1000;

/** All about one execution. */
export function ExecutionDrawer({ id, rows, onOpen, onClose, onFilter }: ExecutionDrawerProps) {
  const found = useQuery({
    ...executionOptions(id ?? ""),
    enabled: id !== undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.status === "started" ? RUNNING_MS : false),
  });
  // The list has all but the payloads: those of the one before stay until its own are there.
  const whole = found.isPlaceholderData ? undefined : found.data;
  const row = whole ?? rows?.find((listed) => listed.id === id) ?? found.data;
  return (
    <Drawer
      open={id !== undefined}
      onClose={onClose}
      title={row ? <Title row={row} /> : "Execution"}
      subtitle={row && [row.integration_name, row.connection_name].filter(Boolean).join(" · ")}
      actions={<Neighbours id={id} rows={rows} onOpen={onOpen} />}
    >
      {found.error && !row && <ErrorState error={found.error} onRetry={() => void found.refetch()} />}
      {!found.error && !row && <Loading />}
      {row && (
        <div className="flex flex-col gap-5">
          <div className="flex flex-wrap items-center gap-2">
            <StatusBadge status={row.status} />
            <span className="ml-auto" />
            <CopyButton text={window.location.href} label="Copy link" />
            <RunAgain row={row} />
          </div>
          <Failure row={row} />
          <Facts row={row} onFilter={onFilter} />
          {found.data ? (
            <Payloads row={found.data} loading={found.isPlaceholderData} />
          ) : found.error ? (
            <ErrorState error={found.error} onRetry={() => void found.refetch()} />
          ) : (
            <Skeleton className="h-24 w-full rounded-md" />
          )}
        </div>
      )}
    </Drawer>
  );
}

function Title({ row }: { row: LogOutput }) {
  const { integration, integration_name } = row;
  return (
    <span className="flex min-w-0 items-center gap-2">
      {integration && (
        <ServiceLogo slug={integration} name={integration_name ?? integration} className="size-6" />
      )}
      <span className="truncate">{actionOf(row)}</span>
    </span>
  );
}

function RunAgain({ row }: { row: LogOutput }) {
  const search = againSearch(row);
  if (!search || !row.workspace_id) return null;
  return (
    <Button asChild size="sm">
      <Link to="/w/$workspaceId/playground" params={{ workspaceId: row.workspace_id }} search={search}>
        <Play aria-hidden /> Run again
      </Link>
    </Button>
  );
}

/** Leads to the one above and below in the list. */
function Neighbours({ id, rows = [], onOpen }: Pick<ExecutionDrawerProps, "id" | "rows" | "onOpen">) {
  const index = id === undefined ? -1 : rows.findIndex((row) => row.id === id);
  const above = index > 0 ? rows[index - 1] : undefined;
  const below = index >= 0 ? rows[index + 1] : undefined;
  return (
    <>
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label="Previous execution"
        aria-keyshortcuts="k"
        disabled={!above}
        onClick={() => above && onOpen(above.id)}
      >
        <ChevronUp />
      </Button>
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label="Next execution"
        aria-keyshortcuts="j"
        disabled={!below}
        onClick={() => below && onOpen(below.id)}
      >
        <ChevronDown />
      </Button>
    </>
  );
}

function Loading() {
  return (
    <div className="flex flex-col gap-3" role="status" aria-label="Loading">
      <Skeleton className="h-5 w-20" />
      {["w-3/4", "w-1/2", "w-2/3", "w-3/5"].map((width) => (
        <Skeleton key={width} className={width} />
      ))}
      <Skeleton className="mt-4 h-40 w-full" />
    </div>
  );
}
