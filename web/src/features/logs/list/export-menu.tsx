import { Download } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { type ExportFormat, me, problemOf } from "@/api";
import { client } from "@/api/client";
import type { LogConditions } from "@/components/execution-filters/filters";
import { Button } from "@/components/ui/button";
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";

const FORMATS: readonly { format: ExportFormat; label: string; detail: string }[] = [
  { format: "csv", label: "CSV", detail: "for spreadsheets" },
  { format: "ndjson", label: "NDJSON", detail: "one object a line" },
];

/** Downloads all executions that fit, however many. */
export function ExportMenu({ conditions }: { conditions: LogConditions }) {
  const [busy, setBusy] = useState(false);
  async function start(format: ExportFormat) {
    setBusy(true);
    try {
      // Refreshes the session where that is due: the browser itself, which writes the file, cannot.
      await me({ throwOnError: true });
      download(client.buildUrl({ url: "/api/v2/logs/export", query: { ...conditions, format } }));
    } catch (error) {
      toast.error(problemOf(error).detail);
    } finally {
      setBusy(false);
    }
  }
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button busy={busy}>{!busy && <Download aria-hidden />} Export</Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent align="end">
        {FORMATS.map(({ format, label, detail }) => (
          <DropdownMenuItem key={format} onSelect={() => void start(format)}>
            {label} <span className="ml-auto pl-4 text-muted-foreground">{detail}</span>
          </DropdownMenuItem>
        ))}
      </DropdownMenuContent>
    </DropdownMenu>
  );
}

/** Straight to a file, so that it never has to fit into memory. */
function download(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.click();
}
