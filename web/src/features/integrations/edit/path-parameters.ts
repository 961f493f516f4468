import { readObject, writeObject } from "./json-text";

/** The parameters that a path names and the schema has not. Nothing while the schema is no JSON. */
export function missingParameters(path: string, schemaText: string): string[] {
  const schema = readObject(schemaText).value;
  if (!schema) return [];
  const known = Object.keys((schema.properties ?? {}) as object);
  const named = [...path.matchAll(/\{([A-Za-z_][\w-]*)\}/g)].map(([, name = ""]) => name);
  return [...new Set(named)].filter((name) => !known.includes(name));
}

/** The schema with these as required texts. */
export function withParameters(schemaText: string, names: readonly string[]): string {
  const schema = readObject(schemaText).value;
  if (!schema) return schemaText;
  const { properties = {}, required = [], ...rest } = schema;
  const added = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
  return writeObject({
    type: "object",
    ...rest,
    properties: { ...(properties as object), ...added },
    required: [...(required as string[]), ...names],
  });
}
