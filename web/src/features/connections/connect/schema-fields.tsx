import { PlainText } from "@/components/plain-text";
import { Field } from "@/components/ui/field";
import { Input, Select } from "@/components/ui/input";
import type { Entered, FlatSchema, Member } from "./schema-object";
import { SecretInput } from "./secret-input";

interface SchemaFieldsProps {
  schema: FlatSchema;
  entered: Entered;
  onChange: (entered: Entered) => void;
  /** By name, with a slash before it: what the gateway said of them. */
  faults: Map<string, string>;
}

/** A field for each member of what an integration asks for. */
export function SchemaFields({ schema, entered, onChange, faults }: SchemaFieldsProps) {
  return schema.properties.map(([name, member]) => (
    <Field
      key={name}
      label={member.title}
      hint={member.description && <PlainText>{member.description}</PlainText>}
      error={faults.get(`/${name}`)}
      required={schema.required.has(name)}
    >
      <Control
        member={member}
        value={entered[name] ?? member.preset ?? ""}
        onChange={(value) => onChange({ ...entered, [name]: value })}
      />
    </Field>
  ));
}

interface ControlProps {
  member: Member;
  value: string;
  onChange: (value: string) => void;
}

function Control({ member, onChange, ...props }: ControlProps) {
  const { choices, secret, long, type, example } = member;
  if (choices) {
    return (
      <Select {...props} onChange={(event) => onChange(event.target.value)}>
        <option value="">Choose …</option>
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </Select>
    );
  }
  if (secret) return <SecretInput {...props} long={long} onChange={onChange} />;
  return (
    <Input
      {...props}
      inputMode={type === "integer" ? "numeric" : undefined}
      placeholder={example}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
