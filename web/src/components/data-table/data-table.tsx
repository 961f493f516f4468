import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from "react";
import { cn } from "@/lib/cn";
import { useShortcut } from "@/lib/shortcuts";
import { ErrorState } from "../error-state";
import { Button } from "../ui/button";
import { Skeleton } from "../ui/skeleton";
import { type Column, columnsAt, rowAfter, templateOf } from "./columns";
import { DataRow } from "./data-row";
import { useKeptPlace } from "./use-kept-place";
import { useWidth } from "./use-width";

export type { Column } from "./columns";

const ROW_HEIGHT = 40;
const HEAD_HEIGHT = 36;
const AHEAD = 30;

export interface DataTableProps<Row> {
  /** What is listed: "Connections". */
  label: string;
  /** Undefined while the first are loading. */
  rows: readonly Row[] | undefined;
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
  /** A click on a row, or Enter on the active one. */
  onOpen?: (row: Row) => void;
  /** The row whose details are shown: j and k go on to the next one's. */
  openKey?: string;
  error?: unknown;
  /** Loads again what failed: all, or the rest. */
  onRetry?: () => void;
  /** Instead of rows, where there are none. */
  empty?: ReactNode;
  /** How many there are in all, where that is known. */
  total?: number;
  /** The list goes on; called near its end, also again while it loads, but not after that failed. */
  onEndReached?: () => void;
  /** So many rows before the end, it is called. */
  ahead?: number;
  loadingMore?: boolean;
  moreFailed?: boolean;
  rowHeight?: number;
  className?: string;
}

/**
 * A list of any length in a frame that scrolls in itself; give it a height (in a `<Page fill>`: it takes the rest).
 *
 * j/k or the arrows move, Enter opens. Only the rows in sight are in the page, so 100,000 scroll like 10.
 */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, rows, columns, error, empty, total, loadingMore, className } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const width = useWidth(scroller);
  const shown = useMemo(() => columnsAt(columns, width), [columns, width]);
  const place = usePlace(props, scroller);
  const id = useId();
  const instead = error && !rows ? <ErrorState error={error} onRetry={props.onRetry} /> : empty;
  const hasRows = rows === undefined ? !error : rows.length > 0;
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={total === undefined ? -1 : total + 1}
      aria-colcount={shown.length}
      aria-busy={rows === undefined || loadingMore || undefined}
      aria-activedescendant={place.active >= 0 ? `${id}-${place.active}` : undefined}
      tabIndex={0}
      onKeyDown={place.onKeyDown}
      className={cn(
        "relative min-h-0 flex-1 overflow-auto rounded-lg border bg-card focus-visible:-outline-offset-2",
        className,
      )}
    >
      <Head columns={shown} />
      {hasRows ? (
        <Body {...props} columns={shown} id={id} place={place} scroller={scroller} />
      ) : (
        <div role="row">
          <div role="gridcell" aria-colspan={shown.length}>
            {instead}
          </div>
        </div>
      )}
    </div>
  );
}

interface Place {
  active: number;
  setActive: (index: number) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** Which row is active, and how the keyboard moves it. */
function usePlace<Row>(
  { rows = [], rowKey, onOpen, openKey, rowHeight = ROW_HEIGHT }: DataTableProps<Row>,
  scroller: React.RefObject<HTMLDivElement | null>,
): Place {
  const [activeKey, setActiveKey] = useState<string>();
  const keys = useMemo(() => rows.map(rowKey), [rows, rowKey]);
  const current = openKey ?? activeKey;
  const active = current === undefined ? -1 : keys.indexOf(current);
  useKeptPlace(scroller, keys, rowHeight);
  function setActive(index: number) {
    setActiveKey(keys[index]);
  }
  function move(key: string): boolean {
    const element = scroller.current;
    const page = element ? Math.floor((element.clientHeight - HEAD_HEIGHT) / rowHeight) - 1 : 10;
    const next = rowAfter(key, active, rows.length, page);
    const row = next === undefined ? undefined : rows[next];
    if (next === undefined || row === undefined) return false;
    setActive(next);
    if (element) reveal(element, next, rowHeight);
    if (openKey !== undefined) onOpen?.(row);
    return true;
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.target !== scroller.current) return;
    const row = rows[active];
    if (event.key === "Enter" && row !== undefined) onOpen?.(row);
    else if (event.key.length === 1 || !move(event.key)) return;
    event.preventDefault();
  }
  function step(key: string) {
    if (move(key) && openKey === undefined) scroller.current?.focus({ preventScroll: true });
  }
  useShortcut({ keys: "j", label: "Next row", run: () => step("j") });
  useShortcut({ keys: "k", label: "Row before", run: () => step("k") });
  return { active, setActive, onKeyDown };
}

/** Scrolls just as far as the row needs to be in sight, below the head. */
function reveal(element: HTMLElement, index: number, rowHeight: number): void {
  const top = index * rowHeight;
  const inSight = element.clientHeight - HEAD_HEIGHT - rowHeight;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (top > element.scrollTop + inSight) element.scrollTop = top - inSight;
}

function Head<Row>({ columns }: { columns: readonly Column<Row>[] }) {
  return (
    <div
      role="row"
      aria-rowindex={1}
      style={{ gridTemplateColumns: templateOf(columns), height: HEAD_HEIGHT }}
      className="sticky top-0 z-10 grid items-center gap-4 border-b bg-card px-4 text-muted-foreground text-xs"
    >
      {columns.map(({ id, header, align }) => (
        <div key={id} role="columnheader" className={cn("truncate", align === "end" && "text-right")}>
          {header}
        </div>
      ))}
    </div>
  );
}

interface BodyProps<Row> extends DataTableProps<Row> {
  id: string;
  place: Place;
  scroller: React.RefObject<HTMLDivElement | null>;
}

function Body<Row>({
  id,
  rows,
  columns,
  rowKey,
  place,
  scroller,
  rowHeight = ROW_HEIGHT,
  ...list
}: BodyProps<Row>) {
  const virtual = useVirtualizer({
    count: rows?.length ?? 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    scrollMargin: HEAD_HEIGHT,
    overscan: 12,
    rangeExtractor: (range) => withActive(range, place.active),
    // The next frame is soon enough.
    useFlushSync: false,
  });
  const items = virtual.getVirtualItems();
  const pick = useStable((index: number) => {
    const row = rows?.[index];
    if (row === undefined) return;
    place.setActive(index);
    list.onOpen?.(row);
  });
  const toCome = rows && virtual.range ? rows.length - 1 - virtual.range.endIndex : undefined;
  const isNear = toCome !== undefined && toCome < (list.ahead ?? AHEAD);
  useEndReached(isNear && !list.moreFailed, list.onEndReached);
  if (!rows) return <LoadingRows columns={columns} rowHeight={rowHeight} count={12} />;
  return (
    <>
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          const open = list.openKey !== undefined && rowKey(row) === list.openKey;
          return (
            <DataRow
              key={rowKey(row)}
              row={row}
              id={`${id}-${index}`}
              index={index}
              columns={columns}
              top={start - HEAD_HEIGHT}
              height={rowHeight}
              active={index === place.active}
              open={open}
              onPick={list.onOpen && pick}
            />
          );
        })}
      </div>
      {list.moreFailed && !list.loadingMore && <RestFailed onRetry={list.onRetry} />}
      {list.loadingMore && <LoadingRows columns={columns} rowHeight={rowHeight} count={3} />}
    </>
  );
}

/** The active row is there wherever the list was scrolled to: screen readers are told that it is the one. */
function withActive(range: Range, active: number): number[] {
  const shown = defaultRangeExtractor(range);
  if (active < 0 || active >= range.count || shown.includes(active)) return shown;
  return active < range.startIndex ? [active, ...shown] : [...shown, active];
}

/** The same function for as long as the component is there; it does what the latest one would. */
function useStable<T>(work: (argument: T) => void): (argument: T) => void {
  const latest = useRef(work);
  latest.current = work;
  return useCallback((argument) => latest.current(argument), []);
}

/** Each time that it is rendered near its end: what could not be loaded a moment ago, while something else was, can be. */
function useEndReached(near: boolean, tell: (() => void) | undefined): void {
  useEffect(() => {
    if (near) tell?.();
  });
}

/** The end of what is there, but not of the list. */
function RestFailed({ onRetry }: { onRetry: (() => void) | undefined }) {
  return (
    <div role="row" className="sticky left-0 flex items-center gap-3 border-b px-4 py-2">
      <span role="gridcell" className="text-danger">
        The rest could not be loaded.
      </span>
      {onRetry && (
        <span role="gridcell">
          <Button size="sm" onClick={onRetry}>
            Try again
          </Button>
        </span>
      )}
    </div>
  );
}

function LoadingRows<Row>({
  columns,
  rowHeight,
  count,
}: {
  columns: readonly Column<Row>[];
  rowHeight: number;
  count: number;
}) {
  return (
    <div role="rowgroup" aria-hidden>
      {Array.from({ length: count }, (_, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
          key={index}
          style={{ gridTemplateColumns: templateOf(columns), height: rowHeight }}
          className="grid items-center gap-4 border-b px-4"
        >
          {columns.map(({ id }) => (
            <Skeleton key={id} className="w-3/4" />
          ))}
        </div>
      ))}
    </div>
  );
}
