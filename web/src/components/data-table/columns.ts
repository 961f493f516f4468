import type { ReactNode } from "react";

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** As in `grid-template-columns`: `8rem`, `minmax(10rem,2fr)`. By default an equal part of what is left. */
  width?: string;
  align?: "start" | "end";
  /** Shown only where the table is at least so many pixels wide. */
  from?: number;
}

/** The columns for which a table of this width has room. */
export function columnsAt<Row>(columns: readonly Column<Row>[], width: number): Column<Row>[] {
  return columns.filter(({ from = 0 }) => width >= from);
}

export function templateOf<Row>(columns: readonly Column<Row>[]): string {
  return columns.map(({ width }) => width ?? "minmax(0,1fr)").join(" ");
}

/** Where the active row is after a key; undefined for keys that mean nothing here. */
export function rowAfter(key: string, active: number, count: number, page: number): number | undefined {
  const steps: Record<string, number> = {
    j: active + 1,
    ArrowDown: active + 1,
    k: active - 1,
    ArrowUp: active - 1,
    PageDown: active + page,
    PageUp: active - page,
    Home: 0,
    End: count - 1,
  };
  const next = steps[key];
  return next === undefined || count === 0 ? undefined : Math.min(count - 1, Math.max(0, next));
}
