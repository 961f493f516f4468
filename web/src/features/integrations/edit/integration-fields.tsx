import type { Problem } from "@/api";
import { Field } from "@/components/ui/field";
import { Input, Select, Textarea } from "@/components/ui/input";
import { faultAt, faultsIn } from "@/lib/faults";
import { AUTH_TYPES, authWord } from "../auth-words";
import { AuthFields } from "./auth-fields";
import type { IntegrationDraft } from "./integration-draft";
import { JsonObjectField } from "./json-object-field";

interface Props {
  draft: IntegrationDraft;
  onChange: (change: Partial<IntegrationDraft>) => void;
  problem: Problem | undefined;
  /** Only a new one chooses its slug. */
  withSlug?: boolean;
}

/** All that an integration consists of, besides its actions. */
export function IntegrationFields({ draft, onChange, problem, withSlug }: Props) {
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Name" error={faultAt(problem, "/name")} required>
          <Input
            value={draft.name}
            maxLength={200}
            onChange={(event) => onChange({ name: event.target.value })}
          />
        </Field>
        {withSlug ? (
          <Field
            label="Slug"
            hint="What programs call it: lower case letters, digits, - and _."
            error={faultAt(problem, "/slug")}
            required
          >
            <Input
              value={draft.slug}
              className="font-mono"
              spellCheck={false}
              pattern="[a-z0-9][a-z0-9_\-]{0,99}"
              onChange={(event) => onChange({ slug: event.target.value })}
            />
          </Field>
        ) : (
          <Category {...{ draft, onChange, problem }} />
        )}
      </div>
      <Field
        label="Base URL"
        hint="What all paths begin with. {name} stands for a value that each connection brings."
        error={faultAt(problem, "/base_url")}
        required
      >
        <Input
          value={draft.base_url}
          className="font-mono"
          spellCheck={false}
          inputMode="url"
          onChange={(event) => onChange({ base_url: event.target.value })}
        />
      </Field>
      <Credential {...{ draft, onChange, problem }} />
      <Field label="Description" required={false} error={faultAt(problem, "/description")}>
        <Textarea
          value={draft.description}
          className="min-h-16"
          onChange={(event) => onChange({ description: event.target.value })}
        />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        {withSlug && <Category {...{ draft, onChange, problem }} />}
        <Address member="website" label="Website" {...{ draft, onChange, problem }} />
        <Address member="documentation_url" label="Documentation" {...{ draft, onChange, problem }} />
      </div>
      <JsonObjectField
        label="Requests and answers"
        hint="transform_config: what holds for all of its actions, such as headers, paging and errors."
        schema="integration-transform-config"
        text={draft.transform_config}
        onChange={(text) => onChange({ transform_config: text })}
        faults={faultsIn(problem, "/transform_config")}
        className="h-40"
      />
    </div>
  );
}

function Category({ draft, onChange, problem }: Props) {
  return (
    <Field label="Category" required={false} error={faultAt(problem, "/category")}>
      <Input
        value={draft.category}
        maxLength={100}
        onChange={(event) => onChange({ category: event.target.value })}
      />
    </Field>
  );
}

type AddressProps = Props & { member: "website" | "documentation_url"; label: string };

function Address({ member, label, draft, onChange, problem }: AddressProps) {
  return (
    <Field label={label} required={false} error={faultAt(problem, `/${member}`)}>
      <Input
        value={draft[member]}
        inputMode="url"
        spellCheck={false}
        placeholder="https://"
        onChange={(event) => onChange({ [member]: event.target.value })}
      />
    </Field>
  );
}

function Credential({ draft, onChange, problem }: Props) {
  return (
    <fieldset className="flex min-w-0 flex-col gap-4 rounded-md border p-4">
      <legend className="px-1 font-medium">Credential</legend>
      <Field label="The service recognizes its callers by" error={faultAt(problem, "/auth_type")}>
        <Select
          value={draft.auth_type}
          onChange={(event) => onChange({ auth_type: event.target.value as IntegrationDraft["auth_type"] })}
        >
          {AUTH_TYPES.map((type) => (
            <option key={type} value={type}>
              {authWord(type)}
            </option>
          ))}
        </Select>
      </Field>
      <AuthFields
        type={draft.auth_type}
        text={draft.auth_config}
        onChange={(text) => onChange({ auth_config: text })}
        faults={faultsIn(problem, "/auth_config")}
      />
    </fieldset>
  );
}
