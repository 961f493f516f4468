import { useState } from "react";
import type { AuthType, Fault } from "@/api";
import { Field } from "@/components/ui/field";
import { Input, Select, Textarea } from "@/components/ui/input";
import { type KeyPlace, keyPlaceOf, listOf, textOf, withKeyPlace, withMember } from "./auth-config";
import { JsonObjectField } from "./json-object-field";
import { readObject, writeObject } from "./json-text";

interface Props {
  type: AuthType;
  /** The auth_config as JSON. */
  text: string;
  onChange: (text: string) => void;
  faults: readonly Fault[];
}

const SAID: Partial<Record<AuthType, string>> = {
  none: "Requests are sent as they are.",
  bearer: "Each connection brings a token; it is sent as Authorization: Bearer.",
  basic: "Each connection brings a user name and a password, sent by HTTP Basic.",
  oauth1: "Say in JSON where its tokens come from: oauth1.",
  jwt_bearer: "Say in JSON what it signs, and where that is exchanged for a token: jwt, token_url.",
  aws_sigv4: "Say in JSON which region and service it signs for: aws_sigv4.",
  custom: "Say in JSON what is entered and how it is exchanged for a token: credential_fields, login.",
};

/** What people usually say of a credential, as fields; all of it, as JSON. */
export function AuthFields({ type, text, onChange, faults }: Props) {
  const config = readObject(text).value;
  const fields = config && { config, onChange: (next: Config) => onChange(writeObject(next)) };
  return (
    <>
      {SAID[type] && <p className="text-muted-foreground">{SAID[type]}</p>}
      {fields && type === "api_key" && <KeyFields {...fields} />}
      {fields && type === "oauth2" && (
        <>
          <Url {...fields} member="authorization_url" label="Authorization URL" />
          <Url {...fields} member="token_url" label="Token URL" />
          <Scopes {...fields} />
        </>
      )}
      {fields && type === "oauth2_client_credentials" && (
        <>
          <Url {...fields} member="token_url" label="Token URL" />
          <Scopes {...fields} />
        </>
      )}
      <WholeConfig text={text} onChange={onChange} faults={faults} open={!hasFields(type) && type in SAID} />
    </>
  );
}

function hasFields(type: AuthType): boolean {
  return ["api_key", "oauth2", "oauth2_client_credentials", "none", "bearer", "basic"].includes(type);
}

type Config = Record<string, unknown>;

interface FieldsProps {
  config: Config;
  onChange: (config: Config) => void;
}

function KeyFields({ config, onChange }: FieldsProps) {
  const place = keyPlaceOf(config);
  if (!place) return <p className="text-muted-foreground">Where the key goes is said in JSON.</p>;
  const name = place.in === "query" ? "Parameter" : "Header";
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label="The key is sent as">
        <Select
          value={place.in}
          onChange={(event) => {
            const next = event.target.value as KeyPlace["in"];
            onChange(withKeyPlace(config, { in: next, name: next === "query" ? "api_key" : "X-Api-Key" }));
          }}
        >
          <option value="bearer">Authorization: Bearer</option>
          <option value="header">a header</option>
          <option value="query">a parameter of the URL</option>
        </Select>
      </Field>
      {place.in !== "bearer" && (
        <Field label={name}>
          <Input
            value={place.name}
            className="font-mono"
            spellCheck={false}
            onChange={(event) => onChange(withKeyPlace(config, { ...place, name: event.target.value }))}
          />
        </Field>
      )}
    </div>
  );
}

function Url({ config, onChange, member, label }: FieldsProps & { member: string; label: string }) {
  return (
    <Field label={label}>
      <Input
        value={textOf(config, member)}
        className="font-mono"
        inputMode="url"
        spellCheck={false}
        placeholder="https://"
        onChange={(event) => onChange(withMember(config, member, event.target.value.trim()))}
      />
    </Field>
  );
}

function Scopes({ config, onChange }: FieldsProps) {
  const [typed, setTyped] = useState(() => listOf(config, "scopes").join("\n"));
  return (
    <Field label="Scopes" required={false} hint="What connections ask for, one a line.">
      <Textarea
        value={typed}
        className="min-h-16 font-mono"
        spellCheck={false}
        onChange={(event) => {
          setTyped(event.target.value);
          onChange(withMember(config, "scopes", event.target.value.split(/\s+/).filter(Boolean)));
        }}
      />
    </Field>
  );
}

type WholeProps = Omit<Props, "type"> & { open: boolean };

function WholeConfig({ text, onChange, faults, open }: WholeProps) {
  const [shown, setShown] = useState(false);
  const isOpen = shown || open || faults.length > 0;
  if (!isOpen)
    return (
      <button
        type="button"
        className="w-fit rounded-sm text-link text-xs hover:underline"
        onClick={() => setShown(true)}
      >
        All of it as JSON
      </button>
    );
  return (
    <JsonObjectField
      label="auth_config"
      hint="Where tokens come from, where the credential goes, what a connection has to bring."
      schema="auth-config"
      text={text}
      onChange={onChange}
      faults={faults}
    />
  );
}
