import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";

interface NameFieldProps {
  value: string;
  onChange: (value: string) => void;
}

export function NameField({ value, onChange }: NameFieldProps) {
  return (
    <Field label="Name" required={false} hint="Without one, it is called after the account.">
      <Input
        value={value}
        maxLength={200}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}
