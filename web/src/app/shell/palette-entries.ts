import type { LucideIcon } from "lucide-react";

/** A line of the command palette. */
export interface PaletteEntry {
  id: string;
  label: string;
  keywords?: readonly string[];
  icon?: LucideIcon;
  shortcut?: string;
  run: () => void;
}

/** Those that have all words that were typed, somewhere; those that begin with the first come first. */
export function matching(entries: readonly PaletteEntry[], typed: string): PaletteEntry[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter((entry) => words.every((word) => textOf(entry).includes(word)));
  const first = words[0];
  if (first === undefined) return found;
  const begins = (entry: PaletteEntry) => Number(textOf(entry).startsWith(first));
  return found.sort((one, other) => begins(other) - begins(one));
}

function textOf({ label, keywords = [] }: PaletteEntry): string {
  return [label, ...keywords].join(" ").toLowerCase();
}
