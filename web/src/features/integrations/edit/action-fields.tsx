import type { Problem } from "@/api";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input, Select, Textarea } from "@/components/ui/input";
import { faultAt, faultsIn } from "@/lib/faults";
import { type ActionDraft, METHODS } from "./action-draft";
import { JsonObjectField } from "./json-object-field";
import { missingParameters, withParameters } from "./path-parameters";

interface Props {
  draft: ActionDraft;
  onChange: (change: Partial<ActionDraft>) => void;
  problem: Problem | undefined;
  /** Where the action stands in the request that the problem is about. */
  pointer: string;
  /** Only a new one chooses its slug. */
  withSlug?: boolean;
}

/** All that an action consists of; what the gateway has against a member is said at it. */
export function ActionFields({ draft, onChange, problem, pointer, withSlug }: Props) {
  const fault = (member: keyof ActionDraft) => faultAt(problem, `${pointer}/${member}`);
  return (
    <div className="flex min-w-0 flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Name" error={fault("name")} required className={withSlug ? "" : "sm:col-span-2"}>
          <Input
            value={draft.name}
            maxLength={200}
            placeholder="Create an order"
            onChange={(event) => onChange({ name: event.target.value })}
          />
        </Field>
        {withSlug && (
          <Field label="Slug" error={fault("slug")} hint="What programs call it." required>
            <Input
              value={draft.slug}
              className="font-mono"
              spellCheck={false}
              pattern="[a-z0-9][a-z0-9_.\-]{0,199}"
              placeholder="create-order"
              onChange={(event) => onChange({ slug: event.target.value })}
            />
          </Field>
        )}
      </div>
      <div className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-2 gap-y-1">
        <Field label="Method" error={fault("http_method")}>
          <Select
            value={draft.http_method}
            onChange={(event) => onChange({ http_method: event.target.value as ActionDraft["http_method"] })}
          >
            {METHODS.map((method) => (
              <option key={method}>{method}</option>
            ))}
          </Select>
        </Field>
        <Field label="Path" error={fault("endpoint_path")} required>
          <Input
            value={draft.endpoint_path}
            className="font-mono"
            spellCheck={false}
            placeholder="/orders/{order_id}"
            onChange={(event) => onChange({ endpoint_path: event.target.value })}
          />
        </Field>
      </div>
      <MissingParameters draft={draft} onChange={onChange} />
      <JsonObjectField
        label="Parameters"
        hint="request_schema: a JSON Schema of what callers give. A parameter named in the path goes there; of the others, GET and DELETE make a query, the rest a JSON body."
        text={draft.request_schema}
        onChange={(text) => onChange({ request_schema: text })}
        faults={faultsIn(problem, `${pointer}/request_schema`)}
        className="h-72"
      />
      <JsonObjectField
        label="Request and answer"
        hint="transform_config: where parameters go, headers, what of the answer is given back. Empty for what is usual."
        schema="transform-config"
        text={draft.transform_config}
        onChange={(text) => onChange({ transform_config: text })}
        faults={faultsIn(problem, `${pointer}/transform_config`)}
        className="h-48"
      />
      <Field label="Description" required={false} error={fault("description")}>
        <Textarea
          value={draft.description}
          placeholder="What it does, and when to use it. Agents read this too."
          onChange={(event) => onChange({ description: event.target.value })}
        />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="Scopes"
          required={false}
          hint="What a connection must be allowed, one a line."
          error={fault("scopes")}
        >
          <Textarea
            value={draft.scopes}
            className="min-h-16 font-mono"
            spellCheck={false}
            onChange={(event) => onChange({ scopes: event.target.value })}
          />
        </Field>
        <Field label="Timeout" hint="In milliseconds, 300000 at most." error={fault("timeout_ms")}>
          <Input
            type="number"
            min={1}
            max={300_000}
            value={draft.timeout_ms}
            onChange={(event) => onChange({ timeout_ms: event.target.value })}
          />
        </Field>
      </div>
    </div>
  );
}

/** A path that names a parameter which callers cannot give is helped along. */
function MissingParameters({ draft, onChange }: Pick<Props, "draft" | "onChange">) {
  const missing = missingParameters(draft.endpoint_path, draft.request_schema);
  if (missing.length === 0) return null;
  return (
    <p className="-mt-2 flex flex-wrap items-center gap-2 text-muted-foreground text-xs">
      <span>
        The path names <code>{missing.join(", ")}</code>, which callers cannot give yet.
      </span>
      <Button
        size="sm"
        onClick={() => onChange({ request_schema: withParameters(draft.request_schema, missing) })}
      >
        Add to the parameters
      </Button>
    </p>
  );
}
