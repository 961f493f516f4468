import { one, oneOf } from "./search-params";

/** A time that ends now, by its name in a page's address. */
export const PRESETS = ["15m", "1h", "24h", "7d", "30d", "90d"] as const;

export type Preset = (typeof PRESETS)[number];

/** What a page's address says of a time: a preset, or its ends (RFC 3339). */
export interface RangeSearch {
  range?: Preset;
  from?: string;
  to?: string;
}

/** From `from`, to before `to`; without an end, however long. */
export interface TimeRange {
  from?: string;
  to?: string;
}

const MINUTE = 60_000;

const WORDS: Record<Preset, string> = {
  "15m": "Last 15 minutes",
  "1h": "Last hour",
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
  "90d": "Last 90 days",
};

export function presetLabel(preset: Preset): string {
  return WORDS[preset];
}

/** Reads it from an address; what is no time is left out. A preset and ends of one's own exclude each other. */
export function rangeSearch(search: Record<string, unknown>): RangeSearch {
  const from = timeOf(search.from);
  const to = timeOf(search.to);
  // Ends the wrong way round hold nothing.
  if (from && to && from >= to) return {};
  if (from || to) return { from, to };
  return { range: oneOf(search.range, PRESETS) };
}

function timeOf(value: unknown): string | undefined {
  const time = new Date(one(value) ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

/** The time that is meant now. Days begin at the reader's midnight, today being the last of them. */
export function rangeOf({ range, from, to }: RangeSearch, now = new Date()): TimeRange {
  return range ? { from: beginningOf(range, now).toISOString() } : { from, to };
}

function beginningOf(preset: Preset, now: Date): Date {
  const start = new Date(now);
  const count = Number.parseInt(preset, 10);
  if (preset.endsWith("d")) {
    start.setHours(0, 0, 0, 0);
    start.setDate(start.getDate() - count + 1);
    return start;
  }
  const minutes = preset.endsWith("h") ? count * 60 : count;
  // Whole hours, as they are counted in; the one that is not over yet is the last.
  if (minutes > 60)
    return new Date(Math.floor(now.getTime() / (60 * MINUTE)) * 60 * MINUTE - (minutes - 60) * MINUTE);
  return new Date(Math.floor(now.getTime() / MINUTE) * MINUTE - minutes * MINUTE);
}

/** A time as the field of a form takes it: in the reader's zone, to the minute. */
export function toLocalField(time: string | undefined): string {
  if (!time) return "";
  const moment = new Date(time);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}

/** The moment that such a field means. */
export function fromLocalField(text: string): string | undefined {
  return text ? timeOf(text) : undefined;
}
