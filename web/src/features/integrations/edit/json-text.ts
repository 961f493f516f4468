import { type Schema, Validator } from "@cfworker/json-schema";
import type { Fault } from "@/api";

/** A JSON object as it is being typed: the value, or what is the matter with the text. */
export interface JsonText {
  value?: Record<string, unknown>;
  fault?: string;
}

/** An empty text is an empty object. */
export function readObject(text: string): JsonText {
  if (text.trim() === "") return { value: {} };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return { fault: "Must be a JSON object: { … }." };
    return { value: value as Record<string, unknown> };
  } catch {
    return { fault: "This is not JSON yet." };
  }
}

export function writeObject(value: Record<string, unknown>): string {
  return Object.keys(value).length === 0 ? "" : JSON.stringify(value, null, 2);
}

/** Says that something within is wrong, or that none of several forms fits; what is within says it better. */
const AROUND = new Set(["properties", "items", "$ref", "anyOf", "oneOf", "allOf", "additionalProperties"]);

/** What a JSON Schema has against a value, at most one fault for each place. */
export function schemaFaults(schema: Record<string, unknown>, value: unknown): Fault[] {
  // The library writes into what it gets.
  const validator = new Validator(structuredClone(schema) as Schema, "2020-12", false);
  const { errors } = validator.validate(structuredClone(value));
  const found = new Map<string, string>();
  for (const { keyword, instanceLocation, error } of errors) {
    const pointer = instanceLocation.slice(1);
    if (!AROUND.has(keyword) && !found.has(pointer)) found.set(pointer, worded(keyword, pointer, error));
  }
  return [...found].map(([pointer, message]) => ({ pointer, message }));
}

function worded(keyword: string, pointer: string, error: string): string {
  // "False boolean schema.", for a member that is not among the properties.
  return keyword === "false" ? `There is no member ${pointer.slice(pointer.lastIndexOf("/") + 1)}.` : error;
}
