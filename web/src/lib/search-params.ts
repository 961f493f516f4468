/** A page's filters as its address has them: plain words, repeated for lists, nothing for what is not set. */
export type RawSearch = Record<string, string | string[]>;

export function parseSearch(text: string): RawSearch {
  const found: RawSearch = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = found[name];
    found[name] = before === undefined ? value : [before, value].flat();
  }
  return found;
}

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const part of Array.isArray(value) ? value : [value]) {
      if (part !== undefined && part !== null && part !== "") params.append(name, String(part));
    }
  }
  const text = params.toString();
  return text && `?${text}`;
}

/** The one value of a parameter; the last, where it was given several times. */
export function one(value: unknown): string | undefined {
  const found = Array.isArray(value) ? value.at(-1) : value;
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** All values of a parameter; undefined for none, so that the address stays short. */
export function many(value: unknown): string[] | undefined {
  const found = [value].flat().filter((part): part is string => typeof part === "string" && part !== "");
  return found.length > 0 ? found : undefined;
}

/** The value, if it is one of these. */
export function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((word) => word === one(value));
}

/** Those of the values that are among these. */
export function manyOf<T extends string>(value: unknown, allowed: readonly T[]): T[] | undefined {
  const given = many(value) ?? [];
  const found = allowed.filter((word) => given.includes(word));
  return found.length > 0 ? found : undefined;
}

/** A whole number that is not negative. */
export function wholeNumber(value: unknown): number | undefined {
  const text = one(value);
  return text && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
