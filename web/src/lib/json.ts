/** Numbers as JSON has them, which are longer than a double can hold: 64-bit ids, above all. */

declare global {
  interface JSON {
    /** A value that is written as this text. Not every browser has it. */
    rawJSON?(text: string): object;
    isRawJSON?(value: unknown): boolean;
  }
}

type Reviver = (this: unknown, name: string, value: unknown, context?: { source?: string }) => unknown;

const exact: Reviver = (_name, value, context) =>
  typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")
    ? JSON.rawJSON?.(context?.source ?? "")
    : value;

/** As `JSON.parse`; an integer that a double would round stays as it is written, where the browser can keep it. */
export function parseJson(text: string): unknown {
  return JSON.parse(text, JSON.rawJSON ? (exact as Parameters<typeof JSON.parse>[1]) : undefined);
}

/** Whether it is such an integer. `JSON.stringify` writes it; as an object, it has no members to look into. */
export function isLongInteger(value: unknown): boolean {
  return JSON.isRawJSON?.(value) ?? false;
}

/** Whether one is anywhere in it. */
export function holdsLongInteger(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return isLongInteger(value) || Object.values(value).some(holdsLongInteger);
}
