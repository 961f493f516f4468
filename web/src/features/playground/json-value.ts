import { isLongInteger, parseJson } from "@/lib/json";

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isLongInteger(value);
}

/** The object that the text is as JSON; undefined for anything else. Nothing at all is an empty one. */
export function objectOf(text: string): JsonObject | undefined {
  if (text.trim() === "") return {};
  try {
    const value = parseJson(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function jsonOf(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** A step of a JSON Pointer (RFC 6901). */
export function token(name: string | number): string {
  return String(name).replaceAll("~", "~0").replaceAll("/", "~1");
}

const SECRET = /"writeOnly":true|"format":"password"/;
const REFERENCE = /"\$(ref|dynamicRef)":/;

/**
 * The members that hold nothing the schema says is secret (`writeOnly`, `format: password`), at any depth.
 *
 * Where something is secret, what refers to another part of the schema is left out as well.
 */
export function withoutSecrets(parameters: JsonObject, schema: JsonObject): JsonObject {
  if (!SECRET.test(JSON.stringify(schema))) return parameters;
  const { properties, $defs, definitions, ...around } = schema;
  if (mayBeSecret(around)) return {};
  const members = isObject(properties) ? properties : {};
  const open = ([name]: [string, unknown]) => !Object.hasOwn(members, name) || !mayBeSecret(members[name]);
  return Object.fromEntries(Object.entries(parameters).filter(open));
}

function mayBeSecret(schema: unknown): boolean {
  const text = JSON.stringify(schema);
  return SECRET.test(text) || REFERENCE.test(text);
}
