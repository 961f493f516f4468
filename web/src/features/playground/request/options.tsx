import { ChevronRight, RefreshCw } from "lucide-react";
import type { ActionOutput } from "@/api";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import type { Options } from "./execution";
import { isPaginated } from "./form-schema";

interface RunOptionsProps {
  action: ActionOutput;
  options: Options;
  onChange: (options: Options) => void;
}

/** How it is run; most people leave it as it is. */
export function RunOptions({ action, options, onChange }: RunOptionsProps) {
  const set = (change: Options) => onChange({ ...options, ...change });
  const chosen = Object.values(options).filter(Boolean).length;
  return (
    <details className="group rounded-md border">
      <summary className="flex h-9 cursor-pointer list-none items-center gap-1.5 rounded-md px-2.5">
        <ChevronRight className="size-4 text-muted-foreground group-open:rotate-90" aria-hidden />
        Options
        {chosen > 0 && <span className="ml-auto text-muted-foreground text-xs">{chosen} set</span>}
      </summary>
      <div className="grid gap-4 border-t p-3 sm:grid-cols-2">
        <Field label="Time limit in seconds" hint={`${action.timeout_ms / 1000} by default.`}>
          <NumberInput
            value={options.timeoutMs === undefined ? undefined : options.timeoutMs / 1000}
            onChange={(seconds) =>
              set({ timeoutMs: seconds === undefined ? undefined : Math.round(seconds * 1000) })
            }
          />
        </Field>
        {isPaginated(action) && (
          <Field label="Pages at most" hint="Follows the pages and joins them.">
            <NumberInput value={options.maxPages} onChange={(maxPages) => set({ maxPages })} />
          </Field>
        )}
        <Field
          label="Idempotency key"
          hint="The same key runs it only once within 24 hours. Letters, digits and signs of ASCII."
        >
          <KeyInput
            value={options.idempotencyKey ?? ""}
            onChange={(key) => set({ idempotencyKey: key || undefined })}
          />
        </Field>
        <RawChoice raw={options.raw ?? false} onChange={(raw) => set({ raw: raw || undefined })} />
      </div>
    </details>
  );
}

interface NumberInputProps {
  value: number | undefined;
  onChange: (value: number | undefined) => void;
}

function NumberInput({ value, onChange, ...field }: NumberInputProps) {
  return (
    <Input
      {...field}
      type="number"
      min={1}
      value={value ?? ""}
      onChange={(event) => onChange(event.target.value === "" ? undefined : Number(event.target.value))}
    />
  );
}

function KeyInput({ value, onChange, ...field }: { value: string; onChange: (value: string) => void }) {
  return (
    <div className="flex gap-1">
      <Input
        {...field}
        value={value}
        maxLength={255}
        autoComplete="off"
        // Others cannot be in the header field that has it.
        onChange={(event) => onChange(event.target.value.replace(/[^\x21-\x7e]/g, ""))}
      />
      <Button size="icon" aria-label="Make a key" onClick={() => onChange(newKey())}>
        <RefreshCw />
      </Button>
    </div>
  );
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function RawChoice({ raw, onChange }: { raw: boolean; onChange: (raw: boolean) => void }) {
  return (
    <div className="flex items-start gap-2 sm:col-span-2">
      <Checkbox
        id="playground-raw"
        checked={raw}
        onCheckedChange={(on) => onChange(on === true)}
        className="mt-0.5"
      />
      <label htmlFor="playground-raw">
        Answer as a file
        <span className="block text-muted-foreground text-xs">
          The service’s bytes as they come, of any size.
        </span>
      </label>
    </div>
  );
}
