import type { FieldProps, WidgetProps } from "@rjsf/utils";
import { FileText, Upload, X } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { problemOf } from "@/api";
import { cn } from "@/lib/cn";
import { formatBytes } from "@/lib/format";
import { Button } from "../ui/button";
import { base64Of, bytesOfBase64, type FileValue } from "./files";
import { contentMember, labelOf } from "./form-schema";
import { OwnHint, OwnLabel } from "./own-label";

/** Chooses a file, or takes one that is dropped. */
function FilePicker({
  id,
  label,
  onPick,
}: {
  id: string;
  label: string;
  onPick: (file: File) => Promise<void>;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [error, setError] = useState<string>();
  async function pick(file: File | undefined) {
    if (!file) return;
    setError(undefined);
    try {
      await onPick(file);
    } catch (caught) {
      setError(problemOf(caught).detail);
    }
  }
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is one more way; the button is the other */}
      <div
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void pick(event.dataTransfer.files[0]);
        }}
        className={cn(
          "control flex items-center gap-3 rounded-md border border-input border-dashed p-2",
          over && "border-ring bg-primary-soft",
        )}
      >
        <Button size="sm" onClick={() => input.current?.click()}>
          <Upload /> Choose a file
        </Button>
        <span className="text-muted-foreground text-xs">or drop it here</span>
        <input
          ref={input}
          id={id}
          type="file"
          aria-label={label}
          tabIndex={-1}
          className="sr-only"
          onChange={({ target }) => {
            void pick(target.files?.[0]);
            target.value = "";
          }}
        />
      </div>
      {error && (
        <p role="alert" className="text-danger text-xs">
          {error}
        </p>
      )}
    </>
  );
}

function Picked({ name, detail, onRemove }: { name: string; detail: ReactNode; onRemove: () => void }) {
  return (
    <div className="flex h-11 min-w-0 items-center gap-2 rounded-md border px-2.5">
      <FileText className="size-4 shrink-0 text-muted-foreground" aria-hidden />
      <span className="min-w-0 truncate">{name}</span>
      <span className="shrink-0 text-muted-foreground text-xs">{detail}</span>
      <Button
        variant="ghost"
        size="icon-sm"
        className="ml-auto"
        onClick={onRemove}
        aria-label={`Take ${name} out`}
      >
        <X />
      </Button>
    </div>
  );
}

/** An object that is a file: name, type and content come from the one that is chosen. */
export function FileField(props: FieldProps<FileValue>) {
  const { formData, schema, fieldPathId, onChange, name, required } = props;
  const isItem = typeof fieldPathId.path.at(-1) === "number";
  const member = contentMember(schema) === "content_base64" ? "content_base64" : "base64";
  const content = formData?.base64 ?? formData?.content_base64;
  async function pick(file: File) {
    const { base64: _, content_base64: __, ...rest } = formData ?? {};
    const value = { ...rest, filename: file.name, [member]: await base64Of(file) };
    onChange(file.type ? { ...value, content_type: file.type } : value, fieldPathId.path);
  }
  return (
    <div className="flex flex-col gap-1.5">
      {!isItem && <OwnLabel htmlFor={fieldPathId.$id} name={name} title={schema.title} required={required} />}
      {content !== undefined && formData ? (
        <Picked
          name={formData.filename}
          detail={formatBytes(bytesOfBase64(content))}
          onRemove={() => onChange(undefined, fieldPathId.path)}
        />
      ) : (
        <FilePicker id={fieldPathId.$id} label={schema.title ?? labelOf(name)} onPick={pick} />
      )}
      {!isItem && <OwnHint text={schema.description} />}
    </div>
  );
}

/** A text that is a file's content in base64. */
export function Base64Widget({ id, value, label, onChange }: WidgetProps) {
  if (typeof value === "string" && value !== "") {
    return (
      <Picked
        name="Content"
        detail={formatBytes(bytesOfBase64(value))}
        onRemove={() => onChange(undefined)}
      />
    );
  }
  return <FilePicker id={id} label={label} onPick={async (file) => onChange(await base64Of(file))} />;
}
