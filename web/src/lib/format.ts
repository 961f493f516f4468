/** How times, durations and numbers are written: in the reader's own language and zone. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const exact = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});
const dayOfYear = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const date = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const relative = new Intl.RelativeTimeFormat(undefined, { style: "narrow", numeric: "auto" });
const number = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

/** To the second, with the zone. */
export function formatExact(time: string | Date): string {
  return exact.format(new Date(time));
}

export function formatDate(time: string | Date): string {
  return date.format(new Date(time));
}

/** Of today, the time of day to the second; of this year, the day too; else the year as well. */
export function formatMoment(time: string | Date, now = Date.now()): string {
  const moment = new Date(time);
  const today = new Date(now);
  if (moment.toDateString() === today.toDateString()) return clock.format(moment);
  const day = moment.getFullYear() === today.getFullYear() ? dayOfYear : date;
  return `${day.format(moment)}, ${clock.format(moment)}`;
}

/** How long ago, or how long until: `3 min. ago`, `in 2 d`; the date, where it is more than a week. */
export function formatAgo(time: string | Date, now = Date.now()): string {
  const moment = new Date(time);
  const distance = moment.getTime() - now;
  const size = Math.abs(distance);
  if (size < 10 * SECOND) return "just now";
  if (size < MINUTE) return relative.format(Math.trunc(distance / SECOND), "second");
  if (size < HOUR) return relative.format(Math.trunc(distance / MINUTE), "minute");
  if (size < DAY) return relative.format(Math.trunc(distance / HOUR), "hour");
  if (size < 7 * DAY) return relative.format(Math.trunc(distance / DAY), "day");
  return moment.getFullYear() === new Date(now).getFullYear()
    ? dayOfYear.format(moment)
    : date.format(moment);
}

/** `41 ms`, `1.24 s`, `2 min 5 s`. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1) return "<1 ms";
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(2)} s`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(1)} s`;
  return `${Math.floor(ms / MINUTE)} min ${Math.round((ms % MINUTE) / SECOND)} s`;
}

export function formatNumber(value: number): string {
  return number.format(value);
}

/** `1.2K`, for where there is little room. */
export function formatCompact(value: number): string {
  return compact.format(value);
}

/** Of a part from 0 to 1. Never 100 % while something is missing, nor 0 % while there is something. */
export function formatPercent(part: number): string {
  if (part > 0 && part < 0.001) return "<0.1 %";
  if (part > 0.999 && part < 1) return ">99.9 %";
  const percent = part * 100;
  return `${Number.isInteger(percent) ? percent : percent.toFixed(1)} %`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = "B";
  for (const next of units) {
    if (size < 999.5) break;
    size /= 1000;
    unit = next;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}

/** `customer-support` as people write it. */
export function categoryWord(category: string): string {
  if (category.length <= 3) return category.toUpperCase();
  const words = category.replace(/[-_]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
