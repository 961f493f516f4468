/** A flat JSON Schema, as `credential_schema` and `config_schema` of an integration are. */
export interface FlatSchema {
  properties: [name: string, member: Member][];
  required: ReadonlySet<string>;
}

export interface Member {
  type: string;
  title: string;
  description?: string;
  /** Not to be shown while it is typed. */
  secret: boolean;
  /** It has several lines. */
  long: boolean;
  choices?: string[];
  pattern?: string;
  example?: string;
  preset?: string;
}

/** The values of a form: everything as it was typed. */
export type Entered = Record<string, string>;

/** What of the schema a form needs; nothing for a schema that asks for nothing. */
export function flatSchema(schema: Record<string, unknown> | null | undefined): FlatSchema {
  const properties = Object.entries(recordOf(schema?.properties)).map(
    ([name, member]) => [name, memberOf(name, recordOf(member))] as [string, Member],
  );
  return { properties, required: new Set(textsOf(schema?.required)) };
}

/** What was typed, as the schema has it. What is empty is left out. */
export function valuesOf({ properties }: FlatSchema, entered: Entered): Record<string, unknown> {
  const filled = properties.flatMap(([name, { type, preset }]) => {
    const text = entered[name] ?? preset ?? "";
    return text.trim() === "" ? [] : [[name, typed(type, text)] as const];
  });
  return Object.fromEntries(filled);
}

/** Where faults are shown by the schema's own fields, by pointers into the request's body. */
export function pointersOf(prefix: string, { properties }: FlatSchema): string[] {
  return properties.map(([name]) => `${prefix}/${name}`);
}

function typed(type: string, text: string): unknown {
  if (type === "boolean") return text === "true";
  if (type !== "integer" && type !== "number") return text;
  const number = Number(text);
  // Whatever else it is, the gateway says what is wrong with it.
  return Number.isNaN(number) ? text : number;
}

function memberOf(name: string, member: Record<string, unknown>): Member {
  const examples = Array.isArray(member.examples) ? member.examples : [];
  const choices = Array.isArray(member.enum) ? member.enum.map(String) : undefined;
  const type = String(member.type ?? "string");
  return {
    type,
    title: typeof member.title === "string" ? member.title : name,
    description: textOf(member.description),
    secret: member.writeOnly === true || member.format === "password",
    long: member.contentMediaType === "application/x-pem-file",
    choices: type === "boolean" ? ["true", "false"] : choices,
    pattern: textOf(member.pattern),
    example: textOf(examples[0]),
    preset: textOf(member.default),
  };
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null || typeof value === "object" ? undefined : String(value);
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
