import { Field } from "@/components/ui/field";
import { Input, Select } from "@/components/ui/input";
import { formatExact } from "@/lib/format";
import { dayOf, type Expiry, expiresAt, PRESET_DAYS } from "../expiry";

interface ExpiryFieldProps {
  value: Expiry;
  onChange: (value: Expiry) => void;
  error?: string;
}

/** After so many days, on a day, or never. */
export function ExpiryField({ value, onChange, error }: ExpiryFieldProps) {
  const moment = expiresAt(value);
  const tomorrow = dayOf(new Date(Date.now() + 86_400_000));
  return (
    <div className="flex flex-col gap-2">
      <Field
        label="Expires"
        hint={
          moment
            ? `On ${formatExact(moment)}.`
            : moment === null
              ? "It works until you revoke it."
              : undefined
        }
        error={value.kind === "on" ? undefined : error}
      >
        <Select
          value={value.kind === "days" ? String(value.days) : value.kind}
          onChange={(event) => onChange(choiceOf(event.target.value, tomorrow))}
        >
          {PRESET_DAYS.map((days) => (
            <option key={days} value={days}>
              {days === 365 ? "In a year" : `In ${days} days`}
            </option>
          ))}
          <option value="on">On a day …</option>
          <option value="never">Never</option>
        </Select>
      </Field>
      {value.kind === "on" && (
        <Field label="Last day" error={error} required>
          <Input
            type="date"
            min={dayOf(new Date())}
            value={value.day}
            onChange={(event) => onChange({ kind: "on", day: event.target.value })}
          />
        </Field>
      )}
    </div>
  );
}

function choiceOf(value: string, day: string): Expiry {
  if (value === "never") return { kind: "never" };
  if (value === "on") return { kind: "on", day };
  return { kind: "days", days: Number(value) };
}
