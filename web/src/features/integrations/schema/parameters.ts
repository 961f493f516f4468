import { alternatives, type JsonSchema, resolved } from "./json-schema";

/** A parameter, or a member of one, ready to be shown. */
export interface Parameter {
  name: string;
  required: boolean;
  schema: JsonSchema;
  /** What an object, or the entries of a list, consist of. */
  members: () => Parameter[];
}

/** The members of an object's schema, the required ones first. */
export function parametersOf(schema: JsonSchema, root: JsonSchema = schema): Parameter[] {
  const found = objectIn(schema, root);
  const required = new Set(found?.required);
  const all = Object.entries(found?.properties ?? {}).map(([name, member]) => {
    const own = resolved(member, root);
    return { name, required: required.has(name), schema: own, members: () => parametersOf(own, root) };
  });
  return [...all.filter((one) => one.required), ...all.filter((one) => !one.required)];
}

export function hasMembers(schema: JsonSchema, root: JsonSchema): boolean {
  return objectIn(schema, root) !== undefined;
}

/** The object that it describes: itself, an alternative of it, or an entry of its list. */
function objectIn(schema: JsonSchema, root: JsonSchema, depth = 0): JsonSchema | undefined {
  const own = resolved(schema, root);
  if (own.properties && Object.keys(own.properties).length > 0) return own;
  if (depth > 4) return undefined;
  for (const choice of alternatives(own, root).choices) {
    if (choice.properties) return choice;
    const inside = choice.items && objectIn(choice.items, root, depth + 1);
    if (inside) return inside;
  }
  return undefined;
}
