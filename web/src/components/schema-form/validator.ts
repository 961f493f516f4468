import { type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";
import {
  type ErrorSchema,
  type RJSFSchema,
  type RJSFValidationError,
  toErrorSchema,
  type ValidationData,
  type ValidatorType,
} from "@rjsf/utils";
import { cleanValue } from "./clean-value";

type Json = unknown;

/** Says that something within is wrong; what is wrong is told by an error of its own. */
const AROUND = new Set([
  "properties",
  "items",
  "prefixItems",
  "patternProperties",
  "allOf",
  "$ref",
  "dependentSchemas",
  "if",
  "then",
  "else",
]);

/**
 * Validates without compiling code, which the page's policy forbids. The whole is checked against `original`, not
 * against what the form shows of it.
 */
export function createFormValidator(original: RJSFSchema): ValidatorType<Json> {
  const whole = prepared(original);
  const parts = new WeakMap<object, Validator>();
  function partOf(schema: RJSFSchema, root: RJSFSchema): Validator {
    const known = parts.get(schema);
    if (known) return known;
    const { $defs, definitions } = root;
    const made = prepared({ ...($defs && { $defs }), ...(definitions && { definitions }), ...schema });
    parts.set(schema, made);
    return made;
  }
  return {
    validateFormData: (data) => dataOf(errorsOf(whole, data)),
    isValid: (schema, data, root) => partOf(schema, root).validate(cleanValue(data ?? {})).valid,
    // The type says that any kind of result may be asked for; nobody does.
    rawValidation: (_schema, data) => ({ errors: errorsOf(whole, data) as never[] }),
  };
}

function prepared(schema: RJSFSchema): Validator {
  // The library writes into the schema that it gets.
  return new Validator(structuredClone(schema) as Schema, "2020-12", false);
}

function dataOf(errors: RJSFValidationError[]): ValidationData<Json> {
  return { errors, errorSchema: toErrorSchema(errors) as ErrorSchema<Json> };
}

function errorsOf(validator: Validator, data: Json): RJSFValidationError[] {
  const value = cleanValue(data ?? {});
  const units = validator.validate(value).errors;
  return [...units.filter(isTold).map(asFormError), ...roundedIn(value, [])];
}

/** Above it, numbers are written with an exponent, and nobody counts on their last digits. */
const WRITTEN_OUT = 1e21;

/** A number that may not be what was typed any more. */
function roundedIn(value: Json, path: string[]): RJSFValidationError[] {
  const isInteger = typeof value === "number" && Number.isInteger(value) && Math.abs(value) < WRITTEN_OUT;
  if (isInteger && !Number.isSafeInteger(value))
    return [formError("rounded", path, "It has more digits than this field can keep; write it in JSON.")];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => roundedIn(member, [...path, name]));
}

function isTold({ keyword, keywordLocation }: OutputUnit): boolean {
  // What each of several alternatives wants is more than one wants to read.
  return !AROUND.has(keyword) && !/\/(anyOf|oneOf)\/\d+\//.test(`${keywordLocation}/`);
}

function asFormError({ keyword, instanceLocation, error }: OutputUnit): RJSFValidationError {
  const path = instanceLocation.split("/").slice(1).map(unescaped);
  const missing = keyword === "required" ? /"(.+)"/.exec(error)?.[1] : undefined;
  if (missing) path.push(missing);
  return formError(keyword, path, messageFor(keyword, error));
}

function formError(name: string, path: string[], message: string): RJSFValidationError {
  return {
    name,
    property: path.map((part) => `.${part}`).join(""),
    message,
    stack: `${path.join(".")} ${message}`,
  };
}

function unescaped(token: string): string {
  return decodeURIComponent(token).replaceAll("~1", "/").replaceAll("~0", "~");
}

const MESSAGES: Record<string, string> = {
  required: "This is needed.",
  minLength: "Too short.",
  maxLength: "Too long.",
  pattern: "Not of the form that is expected.",
  enum: "Choose one of the given values.",
  minItems: "Too few.",
  maxItems: "Too many.",
  uniqueItems: "Each may be there only once.",
  additionalProperties: "There is no such parameter.",
  false: "This is not allowed here.",
  anyOf: "At least one of the alternatives in the description has to be given.",
  oneOf: "Exactly one of the alternatives in the description has to be given.",
};

function messageFor(keyword: string, error: string): string {
  const format = keyword === "format" && /format "(.+)"/.exec(error)?.[1];
  if (format) return `Not a valid ${format}.`;
  return MESSAGES[keyword] ?? error.replace(/^Instance /, "The value ");
}
