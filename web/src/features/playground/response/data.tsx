import { useState } from "react";
import { CopyButton } from "@/components/copy-id";
import { JsonView } from "@/components/json-editor";
import { Button } from "@/components/ui/button";
import { formatNumber } from "@/lib/format";
import { Base64File, binaryOf } from "./binary";
import { DataRows, rowsOf } from "./data-rows";

type Look = "json" | "table" | "raw";

/** What the service answered: to be folded, as a table where it is a list, or as it is. */
export function Data({ value }: { value: unknown }) {
  const rows = rowsOf(value);
  const [chosen, setChosen] = useState<Look>("json");
  const look = chosen === "table" && !rows ? "json" : chosen;
  const binary = binaryOf(value);
  if (binary) return <Base64File {...binary} />;
  const looks: Look[] = rows ? ["json", "table", "raw"] : ["json", "raw"];
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <fieldset className="flex gap-1" aria-label="Show the data as">
        {looks.map((each) => (
          <Button
            key={each}
            size="sm"
            variant={each === look ? "secondary" : "ghost"}
            aria-pressed={each === look}
            onClick={() => setChosen(each)}
          >
            {LABELS[each]}
          </Button>
        ))}
      </fieldset>
      {look === "json" && <JsonView value={value} label="Data" className="max-h-[min(36rem,65dvh)]" />}
      {look === "table" && rows && <DataRows rows={rows} />}
      {look === "raw" && <Raw value={value} />}
    </div>
  );
}

const LABELS: Record<Look, string> = { json: "JSON", table: "Table", raw: "Raw" };

/** A browser takes seconds to lay out millions of characters. */
const MOST_RAW = 100_000;

function Raw({ value }: { value: unknown }) {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return (
    <>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the keyboard
        tabIndex={0}
        className="max-h-[min(36rem,65dvh)] overflow-auto rounded-md border p-3 text-xs break-all whitespace-pre-wrap"
      >
        {text.slice(0, MOST_RAW)}
      </pre>
      {text.length > MOST_RAW && (
        <p className="flex items-center gap-2 text-muted-foreground text-xs">
          The first {formatNumber(MOST_RAW)} of {formatNumber(text.length)} characters.
          <CopyButton text={text} label="Copy all" />
        </p>
      )}
    </>
  );
}
