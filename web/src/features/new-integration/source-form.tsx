import { FileUp, LoaderCircle } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Card, CardContent } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input, Textarea } from "@/components/ui/input";
import { cn } from "@/lib/cn";
import { formatBytes } from "@/lib/format";
import type { Source } from "./run-import";
import type { DocumentReader } from "./use-document";

type Props = Pick<DocumentReader, "busy" | "problem" | "open"> & {
  /** Whether another slug may be asked for, where the document's own is taken. */
  withSlug: boolean;
};

const WAYS = [
  ["file", "File"],
  ["url", "URL"],
  ["text", "Text"],
] as const;

/** Takes a document: a file, an address, or its text. A file is read as soon as it is chosen. */
export function SourceForm({ busy, problem, withSlug, open }: Props) {
  const [way, setWay] = useState<Source["kind"]>("file");
  const [file, setFile] = useState<File>();
  const [url, setUrl] = useState("");
  const [text, setText] = useState("");
  const [slug, setSlug] = useState("");
  const source = sourceOf(way, file, url, text);
  const asksSlug = withSlug && (problem?.code === "conflict" || Boolean(problem?.faultsAt("/slug").size));
  function send(given: Source | undefined) {
    if (given) open(given, slug.trim() || undefined);
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    send(source);
  }
  return (
    <Card>
      <CardContent className="pt-4">
        <form onSubmit={submit} className="flex flex-col gap-4">
          <Ways way={way} onChange={setWay} />
          {way === "file" && (
            <DropZone
              file={file}
              busy={busy}
              onFile={(chosen) => {
                setFile(chosen);
                send({ kind: "file", file: chosen });
              }}
            />
          )}
          {way === "url" && (
            <Field
              label="Address of the document"
              hint="The gateway fetches it, without any credential."
              error={problem?.faultsAt("/url").get("")}
            >
              <Input
                type="url"
                value={url}
                className="font-mono"
                placeholder="https://api.example.com/openapi.json"
                onChange={(event) => setUrl(event.target.value)}
                required
              />
            </Field>
          )}
          {way === "text" && (
            <Field label="The document, as JSON or YAML">
              <Textarea
                value={text}
                className="min-h-64 font-mono text-xs"
                spellCheck={false}
                onChange={(event) => setText(event.target.value)}
              />
            </Field>
          )}
          {asksSlug && (
            <Field
              label="Another slug"
              hint="Lower case letters, digits, - and _."
              error={problem?.faultsAt("/slug").get("")}
            >
              <Input
                value={slug}
                className="font-mono"
                spellCheck={false}
                onChange={(event) => setSlug(event.target.value)}
              />
            </Field>
          )}
          <InlineError error={problem} />
          {(way !== "file" || asksSlug || problem) && (
            <div className="flex justify-end">
              <Button type="submit" variant="primary" busy={busy} disabled={!source}>
                Read the document
              </Button>
            </div>
          )}
        </form>
      </CardContent>
    </Card>
  );
}

function sourceOf(
  way: Source["kind"],
  file: File | undefined,
  url: string,
  text: string,
): Source | undefined {
  if (way === "file") return file && { kind: "file", file };
  if (way === "url") return url.trim() ? { kind: "url", url: url.trim() } : undefined;
  return text.trim() ? { kind: "text", text } : undefined;
}

function Ways({ way, onChange }: { way: Source["kind"]; onChange: (way: Source["kind"]) => void }) {
  const name = useId();
  return (
    <fieldset className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <legend className="sr-only">Where the document is</legend>
      <div className="inline-flex rounded-md border border-input p-0.5">
        {WAYS.map(([value, label]) => (
          <label
            key={value}
            className={cn(
              "flex h-7 cursor-pointer items-center rounded-sm px-3 text-muted-foreground has-focus-visible:outline-2 has-focus-visible:outline-ring",
              way === value && "bg-muted font-medium text-foreground",
            )}
          >
            <input
              type="radio"
              name={name}
              value={value}
              checked={way === value}
              onChange={() => onChange(value)}
              className="sr-only"
            />
            {label}
          </label>
        ))}
      </div>
      <span className="text-muted-foreground">
        OpenAPI 3, Swagger 2, Google Discovery or a Postman collection
      </span>
    </fieldset>
  );
}

interface DropProps {
  file: File | undefined;
  busy: boolean;
  onFile: (file: File) => void;
}

function DropZone({ file, busy, onFile }: DropProps) {
  const [over, setOver] = useState(false);
  function take(files: FileList | null) {
    const chosen = files?.[0];
    if (chosen) onFile(chosen);
  }
  return (
    <label
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      }}
      className={cn(
        "flex min-h-48 cursor-pointer flex-col items-center justify-center gap-2 rounded-md border border-input border-dashed px-6 py-8 text-center transition-colors",
        "hover:border-ring hover:bg-muted/50 has-focus-visible:outline-2 has-focus-visible:outline-ring",
        over && "border-ring bg-primary-soft",
      )}
    >
      <input
        type="file"
        aria-label="Document"
        accept=".json,.yaml,.yml,application/json,application/yaml,text/yaml"
        className="sr-only"
        onChange={(event) => {
          take(event.target.files);
          event.target.value = ""; // The same file may be chosen again after it was changed.
        }}
      />
      {busy ? (
        <LoaderCircle className="size-6 animate-spin text-muted-foreground" aria-hidden />
      ) : (
        <FileUp className="size-6 text-muted-foreground" aria-hidden />
      )}
      <span className="font-medium" aria-live="polite">
        {busy && file ? `Reading ${file.name} …` : "Drop a document here, or choose a file"}
      </span>
      <span className="text-muted-foreground text-xs">
        {file
          ? `${file.name}, ${formatBytes(file.size)}`
          : "JSON or YAML, 32 MB at most. Nothing is changed before you say so."}
      </span>
    </label>
  );
}
