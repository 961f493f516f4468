import { ArrowUp, SearchX } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { LogOutput } from "@/api";
import { DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { formatNumber } from "@/lib/format";
import { useMedia } from "@/lib/use-media";
import { LOG_COLUMNS, PHONE_COLUMNS } from "./columns";
import { FirstExecution } from "./first-execution";
import { PAGE } from "./use-live";
import type { Logs } from "./use-logs";

interface LogTableProps {
  logs: Logs;
  openId: string | undefined;
  onOpen: (row: LogOutput) => void;
  /** Takes the filters away, where there are some. */
  onClear?: () => void;
}

/** Executions, newest first. New ones come in above without moving what is being read. */
export function LogTable({ logs, openId, onOpen, onClear }: LogTableProps) {
  const frame = useRef<HTMLDivElement>(null);
  const unseen = useUnseen(frame, logs.rows);
  const phone = useMedia("(max-width: 639px)");
  return (
    <div
      ref={frame}
      aria-busy={logs.outdated || undefined}
      className={cn("relative flex min-h-0 flex-1 flex-col", logs.outdated && "opacity-60")}
    >
      <DataTable
        label="Executions"
        rows={logs.rows}
        columns={phone ? PHONE_COLUMNS : LOG_COLUMNS}
        rowHeight={phone ? 60 : 36}
        rowKey={keyOf}
        onOpen={onOpen}
        openKey={openId}
        total={logs.total?.exact ? logs.total.count : undefined}
        error={logs.error}
        onRetry={logs.retry}
        onEndReached={logs.loadMore}
        ahead={PAGE}
        loadingMore={logs.loadingMore}
        moreFailed={logs.moreFailed}
        empty={onClear ? <NothingFits onClear={onClear} /> : <FirstExecution />}
      />
      {unseen > 0 && (
        <div className="pointer-events-none absolute inset-x-0 top-11 z-10 flex justify-center">
          <Button
            variant="primary"
            size="sm"
            className="pointer-events-auto animate-appear rounded-full shadow-black/10 shadow-lg"
            onClick={() => scrollerIn(frame.current)?.scrollTo({ top: 0 })}
          >
            <ArrowUp /> {formatNumber(unseen)} new
          </Button>
        </div>
      )}
    </div>
  );
}

function keyOf({ id }: LogOutput): string {
  return id;
}

function scrollerIn(frame: HTMLElement | null): HTMLElement | null {
  return frame?.querySelector<HTMLElement>("[role=grid]") ?? null;
}

/** How many have come in above since the reader left the top. */
function useUnseen(
  frame: React.RefObject<HTMLElement | null>,
  rows: readonly LogOutput[] | undefined,
): number {
  const [seen, setSeen] = useState<string>();
  const first = useRef<string | undefined>(undefined);
  first.current = rows?.[0]?.id;
  useEffect(() => {
    const scroller = scrollerIn(frame.current);
    // The table keeps its place from the first row on.
    const scrolled = () => setSeen((before) => (isAtTop(scroller) ? undefined : (before ?? first.current)));
    scroller?.addEventListener("scroll", scrolled, { passive: true });
    return () => scroller?.removeEventListener("scroll", scrolled);
  }, [frame]);
  if (seen === undefined || !rows) return 0;
  return Math.max(
    0,
    rows.findIndex(({ id }) => id === seen),
  );
}

function isAtTop(scroller: HTMLElement | null): boolean {
  return !scroller || scroller.scrollTop < 36;
}

function NothingFits({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState
      icon={SearchX}
      title="No execution fits these filters"
      action={<Button onClick={onClear}>Clear the filters</Button>}
    />
  );
}
