import { ChevronRight } from "lucide-react";
import { useId } from "react";
import type { OfferedScopeOutput } from "@/api";
import { Checkbox } from "@/components/ui/checkbox";

interface ScopeChoiceProps {
  offered: OfferedScopeOutput[];
  chosen: ReadonlySet<string>;
  onChange: (chosen: Set<string>) => void;
}

/** What the connection will be allowed; most people leave it as it is. */
export function ScopeChoice({ offered, chosen, onChange }: ScopeChoiceProps) {
  if (offered.length === 0) return null;
  function toggle(name: string, on: boolean) {
    const next = new Set(chosen);
    if (on) next.add(name);
    else next.delete(name);
    onChange(next);
  }
  return (
    <details className="group rounded-md border">
      <summary className="flex h-8 cursor-pointer list-none items-center gap-1.5 rounded-md px-2.5">
        <ChevronRight className="size-4 text-muted-foreground group-open:rotate-90" aria-hidden />
        Permissions
        <span className="ml-auto text-muted-foreground text-xs">
          {chosen.size} of {offered.length}
        </span>
      </summary>
      <ul className="flex max-h-56 flex-col gap-2.5 overflow-y-auto border-t p-2.5">
        {offered.map((scope) => (
          <Scope
            key={scope.name}
            scope={scope}
            checked={chosen.has(scope.name)}
            onChange={(on) => toggle(scope.name, on)}
          />
        ))}
      </ul>
    </details>
  );
}

interface ScopeProps {
  scope: OfferedScopeOutput;
  checked: boolean;
  onChange: (on: boolean) => void;
}

function Scope({ scope: { name, description }, checked, onChange }: ScopeProps) {
  const id = useId();
  return (
    <li className="flex gap-2">
      <Checkbox
        id={id}
        checked={checked}
        onCheckedChange={(on) => onChange(on === true)}
        className="mt-0.5"
      />
      <label htmlFor={id} className="min-w-0">
        {description && <span className="block">{description}</span>}
        <code className="block break-all text-muted-foreground">{name}</code>
      </label>
    </li>
  );
}

/** The scopes that are asked for unless somebody chooses. */
export function usualScopes(offered: OfferedScopeOutput[]): Set<string> {
  return new Set(offered.filter(({ asked_for }) => asked_for).map(({ name }) => name));
}

/** What to send: nothing where the choice is the integration's own. */
export function askedScopes(
  offered: OfferedScopeOutput[],
  chosen: ReadonlySet<string>,
): string[] | undefined {
  const usual = usualScopes(offered);
  const same = usual.size === chosen.size && [...usual].every((name) => chosen.has(name));
  return same ? undefined : [...chosen];
}
