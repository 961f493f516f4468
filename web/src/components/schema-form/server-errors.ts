import type { ErrorSchema } from "@rjsf/utils";
import type { Fault } from "@/api";

interface Level {
  [member: string]: Level | string[] | undefined;
  __errors?: string[];
}

/** What the gateway refused, as the form shows it at its fields. `prefix`: where the form's value stands in the body. */
export function errorSchemaOf(faults: readonly Fault[], prefix: string): ErrorSchema<unknown> {
  const root: Level = {};
  for (const { pointer, message } of faults) {
    if (pointer !== prefix && !pointer.startsWith(`${prefix}/`)) continue;
    const level = levelAt(root, pointer.slice(prefix.length).split("/").slice(1));
    level.__errors = [...(level.__errors ?? []), message];
  }
  return root as ErrorSchema<unknown>;
}

function levelAt(root: Level, tokens: readonly string[]): Level {
  let level = root;
  for (const token of tokens) {
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
    const next = level[name];
    if (next && !Array.isArray(next)) level = next;
    else {
      const made: Level = {};
      level[name] = made;
      level = made;
    }
  }
  return level;
}
