import { type FormEvent, useId, useState } from "react";
import { type EventType, problemOf } from "@/api";
import { InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { DialogBody, DialogClose, DialogFooter } from "@/components/ui/dialog";
import { Field, FieldError } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { isElsewhere } from "@/lib/faults";
import { EVENT_TYPES, EVENTS } from "./words";

export interface WebhookDraft {
  url: string;
  events: readonly EventType[];
  description: string;
}

interface WebhookFormProps {
  initial: WebhookDraft;
  action: string;
  busy: boolean;
  error: unknown;
  onSubmit: (draft: WebhookDraft) => void;
}

/** What has a field that says what is wrong with it. */
const SHOWN = ["/url", "/description"];

/** An address, and what is sent there. */
export function WebhookForm({ initial, action, busy, error, onSubmit }: WebhookFormProps) {
  const [draft, setDraft] = useState(initial);
  const change = (part: Partial<WebhookDraft>) => setDraft((before) => ({ ...before, ...part }));
  const problem = error ? problemOf(error) : undefined;
  const faults = problem?.faultsAt() ?? new Map<string, string>();
  function submit(event: FormEvent) {
    event.preventDefault();
    if (draft.events.length > 0) onSubmit(draft);
  }
  return (
    <form onSubmit={submit} className="flex min-h-0 flex-col">
      <DialogBody className="flex flex-col gap-4">
        <Field
          label="Address"
          hint="With https. It has to answer 2xx within some seconds."
          error={faults.get("/url")}
          required
        >
          <Input
            type="url"
            value={draft.url}
            placeholder="https://api.example.com/portway-events"
            autoComplete="off"
            onChange={(event) => change({ url: event.target.value })}
          />
        </Field>
        <EventChoice value={draft.events} onChange={(events) => change({ events })} />
        <Field label="Description" error={faults.get("/description")} required={false}>
          <Input
            value={draft.description}
            maxLength={1000}
            autoComplete="off"
            onChange={(event) => change({ description: event.target.value })}
          />
        </Field>
        {problem && isElsewhere(problem, SHOWN) && <InlineError error={problem} />}
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <Button type="submit" variant="primary" busy={busy} disabled={draft.events.length === 0}>
          {action}
        </Button>
      </DialogFooter>
    </form>
  );
}

interface EventChoiceProps {
  value: readonly EventType[];
  onChange: (value: readonly EventType[]) => void;
}

function EventChoice({ value, onChange }: EventChoiceProps) {
  const id = useId();
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1.5 font-medium">Events</legend>
      <div className="divide-y rounded-md border bg-card">
        {EVENT_TYPES.map((event) => (
          <div key={event} className="flex items-start gap-2.5 px-3 py-2">
            <Checkbox
              id={`${id}-${event}`}
              className="mt-0.5"
              checked={value.includes(event)}
              onCheckedChange={(checked) =>
                onChange(checked === true ? [...value, event] : value.filter((other) => other !== event))
              }
            />
            <label htmlFor={`${id}-${event}`} className="min-w-0">
              <span className="block">{EVENTS[event]}</span>
              <code className="block truncate text-muted-foreground text-xs">{event}</code>
            </label>
          </div>
        ))}
      </div>
      {value.length === 0 && <FieldError>Choose at least one.</FieldError>}
    </fieldset>
  );
}
