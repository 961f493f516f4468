import { Table, TableCell, TableHead, TableRow } from "@/components/ui/table";
import { isObject, type JsonObject } from "../json-value";

const MOST_ROWS = 200;
const MOST_COLUMNS = 12;

/** The list of objects that the answer is, or that is in it: the longest of its members. */
export function rowsOf(value: unknown): JsonObject[] | undefined {
  const lists = Array.isArray(value)
    ? [value]
    : isObject(value)
      ? Object.values(value).filter(Array.isArray)
      : [];
  const found = lists.filter((list) => list.length > 0 && list.every(isObject));
  return found.sort((one, other) => other.length - one.length)[0];
}

export function DataRows({ rows }: { rows: JsonObject[] }) {
  const columns = [...new Set(rows.slice(0, 50).flatMap(Object.keys))].slice(0, MOST_COLUMNS);
  return (
    <div className="min-w-0 overflow-hidden rounded-md border">
      <Table aria-label="Data">
        <thead>
          <tr>
            {columns.map((column) => (
              <TableHead key={column}>{column}</TableHead>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of a service have no name that is always there
            <TableRow key={index}>
              {columns.map((column) => (
                <TableCell key={column} className="h-9 max-w-64 truncate" title={textOf(row[column])}>
                  {textOf(row[column])}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </tbody>
      </Table>
      {rows.length > MOST_ROWS && (
        <p className="border-t px-4 py-2 text-muted-foreground text-xs">
          The first {MOST_ROWS} of {rows.length}.
        </p>
      )}
    </div>
  );
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
