import { useInfiniteQuery } from "@tanstack/react-query";
import { Plug } from "lucide-react";
import { useMemo } from "react";
import { type ConnectionOutput, listConnectionsInfiniteOptions } from "@/api";
import { useSession } from "@/app/session";
import { type Column, DataTable, pagesOf } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { GuardedButton } from "@/components/guarded-button";
import { ServiceLogo } from "@/components/service-logo";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import { useSearchPatch } from "@/components/use-search-patch";
import { ConnectionStatusBadge } from "../connection-status";
import { ownerOf, useConnectRight } from "../rights";
import type { ConnectionsSearch } from "../routes";
import { isFiltered } from "./connection-filters";

interface ConnectionTableProps {
  workspaceId: string;
  search: ConnectionsSearch;
  onOpen: (connectionId: string) => void;
}

export function ConnectionTable({ workspaceId, search, onOpen }: ConnectionTableProps) {
  const { id: userId } = useSession();
  const found = useInfiniteQuery({
    ...listConnectionsInfiniteOptions({
      query: {
        workspace_id: workspaceId,
        query: search.q,
        status: search.status,
        integration: search.integration,
        user_id: search.owner === "me" ? userId : undefined,
        end_user_id: search.end_user,
        limit: 100,
      },
    }),
    initialPageParam: {},
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.data), [found.data]);
  const columns = useMemo(() => columnsFor(userId), [userId]);
  return (
    <DataTable
      label="Connections"
      rows={rows}
      columns={columns}
      rowKey={keyOf}
      rowHeight={52}
      onOpen={({ id }) => onOpen(id)}
      {...pagesOf(found)}
      empty={isFiltered(search) ? <NothingFound /> : <NothingYet />}
    />
  );
}

function keyOf({ id }: ConnectionOutput): string {
  return id;
}

function columnsFor(userId: string): Column<ConnectionOutput>[] {
  return [
    { id: "name", header: "Connection", width: "minmax(0,2.2fr)", cell: (row) => <Named row={row} /> },
    {
      id: "status",
      header: "Status",
      width: "minmax(7.5rem,1fr)",
      cell: (row) => <ConnectionStatusBadge connection={row} />,
    },
    {
      id: "owner",
      header: "Owner",
      from: 760,
      cell: (row) => (row.owner.id === userId ? "You" : ownerOf(row)),
    },
    {
      id: "expires",
      header: "Token expires",
      width: "8rem",
      from: 980,
      cell: ({ expires_at }) => (expires_at ? <TimeAgo time={expires_at} /> : <Never>Never</Never>),
    },
    {
      id: "used",
      header: "Last used",
      width: "7rem",
      align: "end",
      from: 560,
      cell: ({ last_used_at }) => (last_used_at ? <TimeAgo time={last_used_at} /> : <Never>Not yet</Never>),
    },
  ];
}

function Named({
  row: { integration, integration_name, name, account_name, end_user_id },
}: {
  row: ConnectionOutput;
}) {
  const about = [
    integration_name,
    account_name !== name && account_name,
    end_user_id && `for ${end_user_id}`,
  ].filter(Boolean);
  return (
    <div className="flex min-w-0 items-center gap-3">
      <ServiceLogo slug={integration} name={integration_name} />
      <div className="min-w-0">
        <p className="truncate font-medium">{name}</p>
        <p className="truncate text-muted-foreground text-xs">{about.join(" · ")}</p>
      </div>
    </div>
  );
}

function Never({ children }: { children: string }) {
  return <span className="text-muted-foreground">{children}</span>;
}

function NothingYet() {
  const right = useConnectRight();
  const patch = useSearchPatch();
  return (
    <EmptyState
      icon={Plug}
      title="Nothing is connected yet"
      description="Connect an account of a service, with a key or by signing in there. Then run its actions."
      action={
        <GuardedButton variant="primary" {...right} onClick={() => patch({ connect: "new" })}>
          Connect a service
        </GuardedButton>
      }
    />
  );
}

function NothingFound() {
  const patch = useSearchPatch();
  const clear = {
    q: undefined,
    status: undefined,
    integration: undefined,
    owner: undefined,
    end_user: undefined,
  };
  return (
    <EmptyState
      title="No connection fits these filters"
      action={<Button onClick={() => patch(clear)}>Clear the filters</Button>}
    />
  );
}
