import { useId } from "react";
import type { LogOutput } from "@/api";
import { JsonView } from "@/components/json-editor";
import { cn } from "@/lib/cn";

/** What was sent and what came back, as the log keeps it: without secrets. */
export function Payloads({ row, loading }: { row: LogOutput; loading: boolean }) {
  const { request_payload, response_payload, payload_truncated, status } = row;
  const empty = status === "started" ? "It has not answered yet." : "Nothing came back.";
  return (
    <div
      aria-busy={loading || undefined}
      className={cn("flex flex-col gap-5 transition-opacity", loading && "opacity-50")}
    >
      {payload_truncated && (
        <p className="rounded-md bg-muted px-3 py-2 text-muted-foreground">
          What was too long is cut. The log keeps beginnings.
        </p>
      )}
      <Payload title="Request" value={request_payload} empty="Nothing was sent." />
      <Payload title="Response" value={response_payload} empty={empty} />
    </div>
  );
}

function Payload({ title, value, empty }: { title: string; value: unknown; empty: string }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="flex flex-col gap-1.5">
      <h3 id={id} className="font-medium">
        {title}
      </h3>
      {value === null || value === undefined ? (
        <p className="text-muted-foreground">{empty}</p>
      ) : (
        <JsonView value={value} label={title} />
      )}
    </section>
  );
}
