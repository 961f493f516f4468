import { alternatives, isSchema, type JsonSchema, resolved } from "./json-schema";

const DEEPEST = 6;

/** Parameters to begin with: the schema's own example, else its required members and those that have an example. */
export function exampleOf(schema: JsonSchema): Record<string, unknown> {
  const found = sampleOf(schema, schema, 0);
  return isSchema(found) ? (found as Record<string, unknown>) : {};
}

function sampleOf(schema: JsonSchema, root: JsonSchema, depth: number): unknown {
  const own = resolved(schema, root);
  const given = givenIn(own);
  if (given !== undefined) return given;
  const choice = alternatives(own, root).choices[0] ?? own;
  const type = [choice.type].flat().find((each) => each !== "null") ?? (choice.properties && "object");
  if (type === "object") return depth < DEEPEST ? objectOf(choice, root, depth) : {};
  if (type === "array")
    return choice.items && depth < DEEPEST ? [sampleOf(choice.items, root, depth + 1)] : [];
  return givenIn(choice) ?? plainValue(type, choice);
}

function objectOf(schema: JsonSchema, root: JsonSchema, depth: number): Record<string, unknown> {
  const required = new Set(schema.required);
  const wanted = Object.entries(schema.properties ?? {}).filter(
    ([name, member]) => required.has(name) || givenIn(resolved(member, root), false) !== undefined,
  );
  return Object.fromEntries(wanted.map(([name, member]) => [name, sampleOf(member, root, depth + 1)]));
}

/** A value that the schema names itself. What is the default need not be sent. */
function givenIn(schema: JsonSchema, withDefault = true): unknown {
  const found = schema.examples?.[0] ?? schema.example;
  if (found !== undefined) return found;
  return withDefault ? (schema.const ?? schema.default ?? schema.enum?.[0]) : undefined;
}

const BY_FORMAT: Record<string, string> = {
  date: "2026-01-31",
  "date-time": "2026-01-31T09:00:00Z",
  time: "09:00:00Z",
  email: "ada@example.com",
  uri: "https://example.com/",
  url: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
  ipv4: "192.0.2.1",
  hostname: "example.com",
};

function plainValue(type: string | undefined, { format, minimum, minLength }: JsonSchema): unknown {
  if (type === "integer" || type === "number") return minimum ?? 1;
  if (type === "boolean") return true;
  if (type === "null") return null;
  const text = BY_FORMAT[format ?? ""] ?? "text";
  return text.padEnd(minLength ?? 0, "x");
}
