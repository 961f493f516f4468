import type { ImportOutput } from "@/api";

/** An operation of the document that is, or would be, an action. */
export interface Choice {
  /** What the document calls it: `METHOD /path`. */
  operation: string;
  slug: string;
  name: string;
  description: string;
  http_method: string;
  endpoint_path: string;
  state: "new" | "changed" | "same";
  /** Which of its members would be others. */
  members: readonly string[];
}

/** All that can be chosen, in the document's groups: new ones first, then changed ones. */
export function choicesOf({ added, changed, unchanged }: ImportOutput): Choice[] {
  return [
    ...added.map((action): Choice => ({ ...action, state: "new", members: [] })),
    ...changed.map((action): Choice => ({ ...action, state: "changed" })),
    ...unchanged.map((action): Choice => ({ ...action, state: "same", members: [] })),
  ];
}

/** Those that have every word of the query somewhere. */
export function searched(all: readonly Choice[], query: string): Choice[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter(({ name, slug, operation, description }) => {
    const text = `${operation} ${slug} ${name} ${description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The import's `include`: nothing where everything is chosen. Signs that patterns have a meaning for are meant as they are. */
export function includeOf(all: readonly Choice[], left: ReadonlySet<string>): string[] {
  const chosen = all.filter(({ operation }) => !left.has(operation));
  if (chosen.length === all.length) return [];
  return chosen.map(({ operation }) => operation.replace(/[*?[]/g, "[$&]"));
}
