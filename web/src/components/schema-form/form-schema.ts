import type { RJSFSchema, UiSchema } from "@rjsf/utils";

type Schema = RJSFSchema;

/** What a schema has to say about a value, if it says anything. */
const ABOUT_VALUES = [
  "type",
  "enum",
  "const",
  "properties",
  "items",
  "anyOf",
  "oneOf",
  "allOf",
  "$ref",
  "if",
];
/** Names of parameters that hold more than a line, by custom. */
const LONG_TEXT = /^(text|html|body|content|message|description|notes?|comment|prompt|markdown|query|sql)$/;

/**
 * The schema as the form shows it: without what only a validator understands. Validation keeps to the original.
 *
 * - Alternatives that are about which members are present (`anyOf: [{required: [..]}, ..]`) are not two forms.
 * - Of several types one has a field: the first that is not null, a list before a single value.
 */
export function formSchemaOf(schema: Schema): Schema {
  const shown: Schema = { ...schema };
  for (const keyword of ["anyOf", "oneOf", "allOf"] as const) {
    const branches = shown[keyword];
    if (!Array.isArray(branches)) continue;
    if (branches.every(isAboutPresence)) delete shown[keyword];
    else shown[keyword] = branches.map(inner);
  }
  if (typeof shown.not === "object") delete shown.not;
  if (Array.isArray(shown.type)) shown.type = shown.type.find((type) => type !== "null") ?? "null";
  if (shown.properties) shown.properties = mapped(shown.properties);
  if (shown.$defs) shown.$defs = mapped(shown.$defs);
  if (shown.definitions) shown.definitions = mapped(shown.definitions);
  if (shown.items && !Array.isArray(shown.items)) shown.items = inner(shown.items);
  if (typeof shown.additionalProperties === "object")
    shown.additionalProperties = inner(shown.additionalProperties);
  return shown;
}

function mapped(schemas: Record<string, Schema | boolean>): Record<string, Schema | boolean> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, inner(schema)]));
}

function inner<T extends Schema | boolean>(schema: T): Schema | T {
  return typeof schema === "object" ? formSchemaOf(schema) : schema;
}

function isAboutPresence(branch: Schema | boolean): boolean {
  if (typeof branch !== "object") return true;
  const { type, properties = {}, ...rest } = branch;
  const aboutValues = ABOUT_VALUES.some((keyword) => keyword in rest);
  const membersToo = Object.values(properties).some(
    (member) => typeof member === "object" && !isAboutPresence(member),
  );
  return !aboutValues && !membersToo && (type === undefined || type === "object");
}

/** Which fields are not what their type alone would make them: files, free JSON, long texts. */
export function uiSchemaOf(schema: Schema, root: Schema = schema, name = "", depth = 0): UiSchema {
  const seen = resolved(schema, root);
  if (depth > 12) return { "ui:field": "json" };
  if (isFile(seen)) return { "ui:field": "file" };
  if (isFreeJson(seen)) return depth === 0 ? {} : { "ui:field": "json" };
  if (isTextList(seen)) return { "ui:field": "texts" };
  if (seen.contentEncoding === "base64") return { "ui:widget": "base64" };
  if (seen.type === "string" && !seen.enum && !seen.format && LONG_TEXT.test(name))
    return { "ui:widget": "textarea" };
  const ui: UiSchema = {};
  if (isChoices(seen)) ui["ui:widget"] = "checkboxes";
  for (const [member, of] of Object.entries(seen.properties ?? {})) {
    if (typeof of === "object") ui[member] = uiSchemaOf(of, root, member, depth + 1);
  }
  if (seen.items && typeof seen.items === "object" && !Array.isArray(seen.items)) {
    ui.items = uiSchemaOf(seen.items, root, name, depth + 1);
  }
  return ui;
}

function resolved(schema: Schema, root: Schema): Schema {
  const path = schema.$ref?.match(/^#\/(\$defs|definitions)\/([^/]+)$/);
  const found = path?.[1] && path[2] ? root[path[1]]?.[path[2]] : undefined;
  return typeof found === "object" ? found : schema;
}

/** A file as actions take it: a name, and the content in base64. */
export function isFile(schema: Schema): boolean {
  const members = schema.properties ?? {};
  return "filename" in members && contentMember(schema) !== undefined;
}

/** The member that holds a file's content. */
export function contentMember(schema: Schema): string | undefined {
  const members = Object.keys(schema.properties ?? {});
  return ["base64", "content_base64"].find((name) => members.includes(name));
}

const SCALARS = ["string", "number", "integer", "boolean"];

/** Anything goes, or its members have names of the caller's and forms of their own: it is written as JSON. */
function isFreeJson(schema: Schema): boolean {
  const { type, items, properties = {}, additionalProperties: others } = schema;
  if (!ABOUT_VALUES.some((keyword) => keyword in schema)) return true;
  if (type === "array") return typeof items !== "object" || Array.isArray(items) || isFreeJson(items);
  if (type !== "object" || Object.keys(properties).length > 0) return false;
  if (schema.anyOf ?? schema.oneOf ?? schema.allOf ?? schema.$ref) return false;
  return typeof others !== "object" || !SCALARS.includes(String(others.type));
}

/** A list of texts, each on a line of its own. */
function isTextList({ type, items }: Schema): boolean {
  if (type !== "array" || typeof items !== "object" || Array.isArray(items)) return false;
  return items.type === "string" && !items.enum && !items.contentEncoding;
}

/** A list of some of a few words. */
function isChoices({ type, uniqueItems, items }: Schema): boolean {
  return type === "array" && uniqueItems === true && typeof items === "object" && "enum" in items;
}

/** "Max results" for `max_results`, `maxResults` and `max-results`. */
export function labelOf(name: string): string {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .split(/[_\-\s.$]+/)
    .filter(Boolean)
    .map((word) => ACRONYMS[word.toLowerCase()] ?? word.toLowerCase())
    .join(" ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const ACRONYMS: Record<string, string> = {
  html: "HTML",
  http: "HTTP",
  id: "ID",
  ids: "IDs",
  ip: "IP",
  json: "JSON",
  sql: "SQL",
  url: "URL",
  urls: "URLs",
  uri: "URI",
  cc: "CC",
  bcc: "BCC",
};
