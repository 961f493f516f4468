import { useId } from "react";
import type { Scope } from "@/api";
import { Checkbox } from "@/components/ui/checkbox";
import { FieldError } from "@/components/ui/field";
import { ALL_SCOPES, SCOPES } from "../scopes";

interface ScopeChoiceProps {
  value: readonly Scope[];
  onChange: (value: readonly Scope[]) => void;
}

/** What the key may do, in plain words. */
export function ScopeChoice({ value, onChange }: ScopeChoiceProps) {
  const all = value.length === ALL_SCOPES.length;
  const everything = all || (value.length > 0 && "indeterminate");
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1.5 font-medium">What it may do</legend>
      <div className="divide-y rounded-md border bg-card">
        <Choice
          label="Everything"
          hint="All that your role allows."
          checked={everything}
          onChange={(checked) => onChange(checked ? ALL_SCOPES : [])}
        />
        {ALL_SCOPES.map((scope) => (
          <Choice
            key={scope}
            {...SCOPES[scope]}
            code={scope}
            checked={value.includes(scope)}
            onChange={(checked) =>
              onChange(checked ? [...value, scope] : value.filter((other) => other !== scope))
            }
          />
        ))}
      </div>
      {value.length === 0 && <FieldError>Choose at least one.</FieldError>}
    </fieldset>
  );
}

interface ChoiceProps {
  label: string;
  hint: string;
  code?: string;
  checked: boolean | "indeterminate";
  onChange: (checked: boolean) => void;
}

function Choice({ label, hint, code, checked, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-2.5 px-3 py-2">
      <Checkbox
        id={id}
        checked={checked}
        aria-describedby={`${id}-hint`}
        className="mt-0.5"
        onCheckedChange={(next) => onChange(next === true)}
      />
      <div className="min-w-0">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {code && <code className="ml-2 text-muted-foreground text-xs">{code}</code>}
        <p id={`${id}-hint`} className="text-muted-foreground text-xs">
          {hint}
        </p>
      </div>
    </div>
  );
}
