import type { ActionOutput } from "@/api";
import { isObject, type JsonObject } from "../json-value";

const FILE = {
  type: "object",
  properties: {
    filename: { type: "string" },
    content_type: { type: "string" },
    base64: { type: "string", contentEncoding: "base64" },
  },
};

/**
 * The action's schema as the form has it: first what is needed, then what the examples use. What is sent as a file is a
 * file, also where the schema leaves that open.
 */
export function playgroundSchema({ request_schema, transform_config, examples }: ActionOutput): JsonObject {
  const properties = isObject(request_schema.properties) ? request_schema.properties : {};
  const files = fileParametersOf(transform_config).filter((name) => isOpen(properties[name]));
  const needed = Array.isArray(request_schema.required) ? request_schema.required : [];
  const order = new Set<string>([
    ...needed,
    ...examples.flatMap(Object.keys),
    ...Object.keys(properties),
    ...files,
  ]);
  const members = [...order].flatMap((name) => {
    const schema = files.includes(name) ? fileSchema(properties[name]) : properties[name];
    return schema === undefined ? [] : [[name, schema] as const];
  });
  return { ...request_schema, ...(members.length > 0 && { properties: Object.fromEntries(members) }) };
}

/** The parameters that the request's body has as files. */
function fileParametersOf(transform: JsonObject): string[] {
  const body = isObject(transform.body) ? transform.body : {};
  const several = Array.isArray(body.files) ? body.files : [];
  return [body.file, ...several].filter((name) => typeof name === "string");
}

/** Its schema does not say what it is like. */
function isOpen(schema: unknown): boolean {
  return schema === undefined || (isObject(schema) && !("type" in schema) && !("$ref" in schema));
}

function fileSchema(schema: unknown): JsonObject {
  return { ...FILE, ...(isObject(schema) && schema) };
}

/** Whether the action's answers come in pages that can be followed. */
export function isPaginated({ transform_config }: ActionOutput): boolean {
  return isObject(transform_config.pagination);
}
