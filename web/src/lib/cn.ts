import { type ClassValue, clsx } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

const merge = extendTailwindMerge({
  extend: { theme: { text: ["xs", "sm", "base", "xl"] } },
});

/** Joins class names; of two that say the same thing, the later one counts. */
export function cn(...classes: ClassValue[]): string {
  return merge(clsx(classes));
}
