import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { type DeliveryOutput, listDeliveriesInfiniteOptions } from "@/api";
import { type Column, DataTable, pagesOf } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { FilterBar } from "@/components/filter-bar";
import { FilterSelect } from "@/components/filter-select";
import { StateBadge } from "@/components/status-badge";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import { useSearchPatch } from "@/components/use-search-patch";
import { DELIVERY_STATUSES } from "../routes";
import { DeliveryDrawer } from "./delivery-drawer";
import { isUnderWay, WAIT } from "./under-way";
import { answerOf, DELIVERY_LOOKS } from "./words";

/** What was sent to a webhook, newest first. */
export function Deliveries({ webhookId }: { webhookId: string }) {
  const { status, delivery } = useSearch({ from: "/w/$workspaceId/settings/webhooks/$webhookId" });
  const patch = useSearchPatch();
  const path = { webhook_id: webhookId };
  const found = useInfiniteQuery({
    ...listDeliveriesInfiniteOptions({ path, query: { status, limit: 100 } }),
    initialPageParam: { path },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: ({ state }) => (state.data?.pages[0]?.data.some(isUnderWay) ? WAIT : false),
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.data), [found.data]);
  return (
    <>
      <FilterBar>
        <FilterSelect
          label="Status"
          single
          options={DELIVERY_STATUSES.map((value) => ({ value, label: DELIVERY_LOOKS[value].word }))}
          value={status && [status]}
          onChange={(value) => patch({ status: value?.[0] })}
        />
      </FilterBar>
      <DataTable
        label="Deliveries"
        rows={rows}
        columns={COLUMNS}
        rowKey={({ id }) => id}
        onOpen={({ id }) => patch({ delivery: id })}
        openKey={delivery}
        {...pagesOf(found)}
        empty={
          status ? (
            <EmptyState
              title="No delivery is so"
              action={<Button onClick={() => patch({ status: undefined })}>Show all</Button>}
            />
          ) : (
            <EmptyState
              title="Nothing was sent yet"
              description="Send a test to see whether the address takes it. Deliveries are kept for 30 days."
            />
          )
        }
      />
      <DeliveryDrawer
        webhookId={webhookId}
        id={delivery}
        known={rows?.find(({ id }) => id === delivery)}
        onClose={() => patch({ delivery: undefined })}
      />
    </>
  );
}

const COLUMNS: Column<DeliveryOutput>[] = [
  {
    id: "event",
    header: "Event",
    width: "minmax(0,1.6fr)",
    cell: ({ event_type }) => <code className="text-xs">{event_type}</code>,
  },
  {
    id: "status",
    header: "Status",
    width: "6.5rem",
    cell: ({ status }) => {
      const { tone, icon, word } = DELIVERY_LOOKS[status];
      return (
        <StateBadge tone={tone} icon={icon}>
          {word}
        </StateBadge>
      );
    },
  },
  { id: "answer", header: "Answer", from: 560, cell: (row) => answerOf(row) },
  {
    id: "attempts",
    header: "Attempts",
    width: "5rem",
    align: "end",
    from: 640,
    cell: ({ attempts }) => attempts,
  },
  {
    id: "when",
    header: "When",
    width: "6.5rem",
    from: 420,
    cell: ({ created_at }) => <TimeAgo time={created_at} />,
  },
];
