import { formatNumber } from "@/lib/format";
import { alternatives, type JsonSchema, resolved } from "./json-schema";

/** What kind of value it is: `string`, `list of integer`, `object or null`. */
export function typeWords(schema: JsonSchema, root: JsonSchema): string {
  const { choices, nullable } = alternatives(resolved(schema, root), root);
  const words = [...new Set(choices.map((choice) => oneTypeWords(choice, root)))];
  return [...words, ...(nullable ? ["null"] : [])].join(" or ") || "any value";
}

function oneTypeWords(schema: JsonSchema, root: JsonSchema): string {
  const types = [schema.type ?? impliedType(schema)].flat().filter((type) => type && type !== "null");
  if (types.length === 0) return "any value";
  return types
    .map((type) => (type === "array" ? listWords(schema, root) : plainWords(type, schema)))
    .join(" or ");
}

function listWords({ items }: JsonSchema, root: JsonSchema): string {
  return items ? `list of ${typeWords(items, root)}` : "list";
}

function plainWords(type: string | undefined, { format, contentMediaType }: JsonSchema): string {
  if (contentMediaType && type === "string") return "file";
  return format ? `${type} (${format})` : `${type}`;
}

function impliedType({ properties, items, enum: values, const: only }: JsonSchema): string | undefined {
  if (properties) return "object";
  if (items) return "array";
  const value = only ?? values?.[0];
  return value === undefined || value === null ? undefined : Array.isArray(value) ? "array" : typeof value;
}

/** What else holds: bounds, lengths, a pattern. */
export function boundWords(schema: JsonSchema): string[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, pattern } = schema;
  return [
    range(minimum, maximum),
    exclusiveMinimum === undefined ? undefined : `more than ${formatNumber(exclusiveMinimum)}`,
    exclusiveMaximum === undefined ? undefined : `less than ${formatNumber(exclusiveMaximum)}`,
    size(schema.minLength, schema.maxLength, "character", "characters"),
    size(schema.minItems, schema.maxItems, "entry", "entries"),
    pattern && `matches ${pattern}`,
  ].filter((word): word is string => Boolean(word));
}

function range(from: number | undefined, to: number | undefined): string | undefined {
  if (from === undefined && to === undefined) return undefined;
  if (from === undefined) return `at most ${formatNumber(to as number)}`;
  if (to === undefined) return `at least ${formatNumber(from)}`;
  return from === to ? formatNumber(from) : `${formatNumber(from)} to ${formatNumber(to)}`;
}

function size(
  from: number | undefined,
  to: number | undefined,
  one: string,
  many: string,
): string | undefined {
  if (from === 1 && to === undefined) return "not empty";
  const words = range(from || undefined, to);
  return words && `${words} ${(to ?? from) === 1 ? one : many}`;
}

/** A value, written as short as it can be. */
export function valueWords(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
