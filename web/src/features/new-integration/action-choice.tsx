import { FileQuestion, SearchX } from "lucide-react";
import { useMemo, useState } from "react";
import { type Column, DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { FilterBar } from "@/components/filter-bar";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Method } from "@/features/integrations/detail/action-words";
import { formatNumber } from "@/lib/format";
import { type Choice, searched } from "./choices";

interface Props {
  choices: readonly Choice[];
  /** The operations that are left out. */
  left: ReadonlySet<string>;
  onLeft: (left: ReadonlySet<string>) => void;
  /** Whether some are there already. */
  withState: boolean;
}

const ROW = 52;
const keyOf = ({ operation }: Choice) => operation;

/** The document's actions, each to be taken or left. */
export function ActionChoice({ choices, left, onLeft, withState }: Props) {
  const [query, setQuery] = useState("");
  const rows = useMemo(() => searched(choices, query), [choices, query]);
  const columns = useMemo(() => columnsFor(left, withState), [left, withState]);
  const search = useMemo(
    () => ({
      value: query,
      onChange: (next?: string) => setQuery(next ?? ""),
      placeholder: "Search the document’s actions",
    }),
    [query],
  );
  const isAll = rows.every(({ operation }) => !left.has(operation));
  function toggleShown() {
    const shown = new Set(rows.map(keyOf));
    onLeft(isAll ? new Set([...left, ...shown]) : new Set([...left].filter((one) => !shown.has(one))));
  }
  function toggle({ operation }: Choice) {
    const next = new Set(left);
    if (!next.delete(operation)) next.add(operation);
    onLeft(next);
  }
  const chosen = choices.filter(({ operation }) => !left.has(operation)).length;
  return (
    <div className="flex flex-col gap-3">
      <FilterBar
        search={search}
        end={
          <>
            <span aria-live="polite">
              {formatNumber(chosen)} of {formatNumber(choices.length)} chosen
            </span>
            <Button onClick={toggleShown} disabled={rows.length === 0}>
              {isAll ? "Leave out" : "Choose"} {shownWords(query, rows.length)}
            </Button>
          </>
        }
      />
      <div className="flex max-h-[60dvh] flex-col" style={{ height: heightOf(rows.length) }}>
        <DataTable
          label="Actions of the document: Enter takes or leaves one"
          rows={rows}
          columns={columns}
          rowKey={keyOf}
          rowHeight={ROW}
          total={rows.length}
          onOpen={toggle}
          empty={
            choices.length === 0 ? (
              <EmptyState
                icon={FileQuestion}
                title="The document has no operation that can be an action"
                description="The integration would be empty. What was skipped, and why, is said below."
              />
            ) : (
              <EmptyState
                icon={SearchX}
                title={`No action is like “${query}”`}
                action={<Button onClick={() => setQuery("")}>Clear the search</Button>}
              />
            )
          }
        />
      </div>
    </div>
  );
}

function shownWords(query: string, count: number): string {
  if (!query) return "all";
  return count === 1 ? "this one" : `these ${formatNumber(count)}`;
}

/** As high as its rows and its head; what is more scrolls. */
function heightOf(rows: number): number {
  return rows === 0 ? 280 : rows * ROW + 37;
}

function columnsFor(left: ReadonlySet<string>, withState: boolean): Column<Choice>[] {
  const columns: Column<Choice>[] = [
    {
      id: "chosen",
      header: "",
      width: "1rem",
      cell: (choice) => <Taken choice={choice} taken={!left.has(choice.operation)} />,
    },
    {
      id: "name",
      header: "Action",
      width: "minmax(0,1fr)",
      cell: ({ name, slug }) => (
        <div className="min-w-0">
          <p className="truncate font-medium">{name}</p>
          <p className="truncate text-muted-foreground text-xs">
            <code>{slug}</code>
          </p>
        </div>
      ),
    },
    {
      id: "request",
      header: "Request",
      width: "minmax(0,1.2fr)",
      from: 560,
      cell: ({ http_method, endpoint_path }) => (
        <span className="flex min-w-0 items-center gap-2 text-xs">
          <Method>{http_method}</Method>
          <code className="truncate" title={endpoint_path}>
            {endpoint_path}
          </code>
        </span>
      ),
    },
  ];
  return withState
    ? [...columns, { id: "state", header: "Against now", width: "10rem", cell: State }]
    : columns;
}

/** The row takes the click; this shows what is chosen. */
function Taken({ choice, taken }: { choice: Choice; taken: boolean }) {
  return (
    <Checkbox
      checked={taken}
      aria-label={`Take ${choice.name}`}
      tabIndex={-1}
      className="pointer-events-none"
    />
  );
}

function State({ state, members }: Choice) {
  if (state === "new") return <Badge tone="success">New</Badge>;
  if (state === "same") return <span className="text-muted-foreground">Unchanged</span>;
  return (
    <div className="min-w-0" title={members.join(", ")}>
      <Badge tone="warning">Changed</Badge>
      <p className="truncate text-muted-foreground text-xs">{members.join(", ")}</p>
    </div>
  );
}
