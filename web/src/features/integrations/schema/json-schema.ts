/** What of JSON Schema (2020-12) is read here. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  title?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  examples?: unknown[];
  example?: unknown;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  deprecated?: boolean;
  contentMediaType?: string;
  contentEncoding?: string;
  $defs?: Record<string, JsonSchema>;
  definitions?: Record<string, JsonSchema>;
}

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The schema itself, where it refers to another part of the document; its own members go first. */
export function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let found = schema;
  for (let steps = 0; found.$ref && steps < 20; steps += 1) {
    const { $ref, ...own } = found;
    found = { ...at(root, $ref), ...own };
  }
  return merged(found, root);
}

/** The part at a reference within the document; nothing for another document's. */
function at(root: JsonSchema, reference: string): JsonSchema {
  if (!reference.startsWith("#/")) return {};
  let found: unknown = root;
  for (const part of reference.slice(2).split("/")) {
    const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    found = isSchema(found) ? (found as Record<string, unknown>)[name] : undefined;
  }
  return isSchema(found) ? found : {};
}

/** Several schemas that hold together, as one. */
function merged(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (!schema.allOf) return schema;
  const { allOf, ...own } = schema;
  const parts = [...allOf.map((part) => resolved(part, root)), own];
  const found: JsonSchema = Object.assign({}, ...parts);
  found.properties = Object.assign({}, ...parts.map(({ properties }) => properties));
  found.required = [...new Set(parts.flatMap(({ required = [] }) => required))];
  if (Object.keys(found.properties ?? {}).length === 0) delete found.properties;
  return found;
}

/** The schemas that a value may have, without "null"; `nullable` tells whether it may be that. */
export function alternatives(
  schema: JsonSchema,
  root: JsonSchema,
): { choices: JsonSchema[]; nullable: boolean } {
  const { anyOf, oneOf, ...own } = schema;
  const all = (anyOf ?? oneOf)?.map((choice) => resolved({ ...own, ...choice }, root)) ?? [schema];
  const choices = all.filter(({ type }) => type !== "null");
  const nullable =
    choices.length < all.length || all.some(({ type }) => Array.isArray(type) && type.includes("null"));
  return { choices, nullable };
}
