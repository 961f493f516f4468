import type { AuthType, IntegrationOutput } from "@/api";
import type { Option } from "@/components/filter-select";
import { categoryWord } from "@/lib/format";
import { AUTH_TYPES, authWord } from "./auth-words";

/** As the page's address has them. */
export interface IntegrationFilters {
  q?: string;
  category?: string[];
  auth?: AuthType[];
  owner?: "own" | "shipped";
  connected?: "yes" | "no";
}

export type Listed = Pick<
  IntegrationOutput,
  "slug" | "name" | "description" | "category" | "auth_type" | "organization_id" | "connections"
>;

/** Those that all filters let through; with a query, the best matches first. */
export function filterIntegrations<T extends Listed>(all: readonly T[], filters: IntegrationFilters): T[] {
  const fitting = all.filter((one) => fits(one, filters));
  const words = wordsOf(filters.q);
  if (words.length === 0) return fitting;
  const ranked = fitting.flatMap((one) => {
    const rank = rankOf(one, words);
    return rank === undefined ? [] : [{ one, rank }];
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ one }) => one);
}

function fits(one: Listed, { category, auth, owner, connected }: IntegrationFilters): boolean {
  if (category && !category.includes(one.category)) return false;
  if (auth && !auth.includes(one.auth_type)) return false;
  if (owner && (owner === "own") !== (one.organization_id !== null)) return false;
  return !connected || (connected === "yes") === isConnected(one);
}

export function isConnected({ connections }: Pick<Listed, "connections">): boolean {
  return (connections?.total ?? 0) > 0;
}

export function wordsOf(query: string | undefined): string[] {
  return (query ?? "").toLowerCase().split(/\s+/).filter(Boolean);
}

/** Less is better; undefined where a word is nowhere. */
function rankOf({ name, slug, category, description }: Listed, words: readonly string[]): number | undefined {
  const places = [name, slug, category, description].map((text) => text.toLowerCase());
  let worst = 0;
  for (const word of words) {
    const place = places.findIndex((text) => hasWord(text, word));
    if (place < 0) return undefined;
    worst = Math.max(worst, place);
  }
  const whole = words.join(" ");
  return places[0]?.startsWith(whole) || places[1]?.startsWith(whole) ? -1 : worst;
}

/** Names are found by any part, sentences by the beginnings of their words. */
function hasWord(text: string, word: string): boolean {
  return text.length < 60 ? text.includes(word) : ` ${text}`.includes(` ${word}`);
}

/** What the filters offer, and how many there are of each. */
export function filterOptions(all: readonly Listed[]): { categories: Option[]; authTypes: Option[] } {
  const categories = [...new Set(all.map(({ category }) => category).filter(Boolean))].sort();
  return {
    categories: categories.map((value) => ({
      value,
      label: categoryWord(value),
      count: all.filter(({ category }) => category === value).length,
    })),
    authTypes: AUTH_TYPES.map((value) => ({
      value,
      label: authWord(value),
      count: all.filter(({ auth_type }) => auth_type === value).length,
    })).filter(({ count }) => count > 0),
  };
}
