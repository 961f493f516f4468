import { type MouseEvent, memo } from "react";
import { cn } from "@/lib/cn";
import { type Column, templateOf } from "./columns";

interface DataRowProps<Row> {
  row: Row;
  id: string;
  index: number;
  columns: readonly Column<Row>[];
  /** In pixels below the first row's place. */
  top: number;
  height: number;
  active: boolean;
  open: boolean;
  /** Keep it stable: rows that stay are not drawn anew while the list scrolls. */
  onPick?: (index: number) => void;
}

function Row<Row>({ row, id, index, columns, top, height, active, open, onPick }: DataRowProps<Row>) {
  function pick({ target, currentTarget }: MouseEvent<HTMLElement>) {
    if (!isOwnControl(target, currentTarget)) onPick?.(index);
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid around it has the keyboard
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={open}
      onClick={pick}
      style={{ gridTemplateColumns: templateOf(columns), height, transform: `translateY(${top}px)` }}
      className={cn(
        "absolute inset-x-0 grid items-center gap-4 border-b px-4 outline-none",
        onPick && "cursor-pointer hover:bg-muted/60",
        (open || active) && "bg-primary-soft hover:bg-primary-soft",
      )}
    >
      {columns.map((column) => (
        <div
          key={column.id}
          role="gridcell"
          className={cn("min-w-0 truncate", column.align === "end" && "text-right")}
        >
          {column.cell(row)}
        </div>
      ))}
    </div>
  );
}

export const DataRow = memo(Row) as typeof Row;

/** A button, a link or a field within a row has its own meaning; so has what it opens, a menu for one. */
function isOwnControl(target: EventTarget, row: Element): boolean {
  if (!(target instanceof Element) || !row.contains(target)) return true;
  const control = target.closest("a, button, input, select, label");
  return control !== null && row.contains(control);
}
