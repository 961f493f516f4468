import { useId } from "react";
import type { RequestLimitInput } from "@/api";
import { Hint, Label } from "@/components/ui/field";
import { Input, Select } from "@/components/ui/input";
import { PERIODS } from "../rate-limit";

/** As it is entered; without a number there is none. */
export interface Limit {
  requests: string;
  perSeconds: number;
}

export function limitsOf({ requests, perSeconds }: Limit): RequestLimitInput[] {
  return requests.trim() === "" ? [] : [{ requests: Number(requests), per_seconds: perSeconds }];
}

/** How often the key may execute actions. */
export function RateLimitField({ value, onChange }: { value: Limit; onChange: (value: Limit) => void }) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1.5">
      <Label htmlFor={id}>
        Rate limit <span className="font-normal text-muted-foreground">(optional)</span>
      </Label>
      <div className="flex items-center gap-2">
        <Input
          id={id}
          type="number"
          inputMode="numeric"
          min={1}
          max={1_000_000}
          step={1}
          placeholder="No limit"
          aria-describedby={`${id}-hint`}
          value={value.requests}
          onChange={(event) => onChange({ ...value, requests: event.target.value })}
          className="w-28"
        />
        <span className="shrink-0 text-muted-foreground">executions a</span>
        <Select
          aria-label="In which time"
          value={value.perSeconds}
          onChange={(event) => onChange({ ...value, perSeconds: Number(event.target.value) })}
        >
          {PERIODS.map(({ seconds, word }) => (
            <option key={seconds} value={seconds}>
              {word}
            </option>
          ))}
        </Select>
      </div>
      <Hint id={`${id}-hint`}>Over all connections. Limits of integrations and actions hold as well.</Hint>
    </div>
  );
}
