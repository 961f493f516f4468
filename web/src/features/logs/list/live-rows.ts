import type { LogOutput } from "@/api";

/** What has happened since the list was loaded: an execution as it is now, or null where it no longer fits. */
export type LiveRows = ReadonlyMap<string, LogOutput | null>;

export const NO_LIVE_ROWS: LiveRows = new Map();

/**
 * The list, newest first, with what has happened since.
 *
 * Only the part as new as the oldest change is looked at, so that a list of 100,000 costs no more than a short one.
 */
export function withLive(rows: readonly LogOutput[], live: LiveRows): readonly LogOutput[] {
  const changed = [...live.values()].filter((row) => row !== null);
  const oldest = changed.reduce<LogOutput | undefined>(
    (before, row) => (before && newestFirst(before, row) > 0 ? before : row),
    undefined,
  );
  const kept = rows.findIndex((row) => oldest === undefined || newestFirst(oldest, row) < 0);
  const head = (kept < 0 ? rows : rows.slice(0, kept)).filter(({ id }) => !live.has(id));
  const tail = kept < 0 ? [] : rows.slice(kept);
  const gone = [...live].some(([, row]) => row === null);
  return [
    ...[...head, ...changed].sort(newestFirst),
    ...(gone ? tail.filter(({ id }) => !live.has(id)) : tail),
  ];
}

/** Those of a list, newest first, that are not older. */
export function notBefore(rows: readonly LogOutput[], from: string | null | undefined): readonly LogOutput[] {
  const begin = from ? Date.parse(from) : Number.NEGATIVE_INFINITY;
  const last = rows.findLastIndex(({ executed_at }) => Date.parse(executed_at) >= begin);
  return last === rows.length - 1 ? rows : rows.slice(0, last + 1);
}

function newestFirst(one: LogOutput, other: LogOutput): number {
  const distance = Date.parse(other.executed_at) - Date.parse(one.executed_at);
  // Ids begin with the time.
  return distance || (one.id < other.id ? 1 : one.id > other.id ? -1 : 0);
}

/** The changes, with newer ones. Where `fits` says no, the execution is not one of these any more. */
export function merged(
  live: LiveRows,
  rows: Iterable<LogOutput>,
  fits: (row: LogOutput) => boolean,
): LiveRows {
  const next = new Map(live);
  for (const row of rows) {
    const before = next.get(row.id);
    // Events may come again, out of order after a break; what has ended does not run any more.
    if (before && before.status !== "started" && row.status === "started") continue;
    next.set(row.id, fits(row) ? row : null);
  }
  return next;
}

/** The changes without those, as long as nothing else has happened to them. */
export function without(live: LiveRows, old: LiveRows): LiveRows {
  return new Map([...live].filter(([id, row]) => !old.has(id) || old.get(id) !== row));
}
