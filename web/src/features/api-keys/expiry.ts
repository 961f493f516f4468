/** When a new key expires: after so many days, on a day, or never. */
export type Expiry = { kind: "never" } | { kind: "days"; days: number } | { kind: "on"; day: string };

export const PRESET_DAYS = [7, 30, 90, 365] as const;

/** The moment, or null for never. A day counts to its end, where the reader is; undefined for one that is no day. */
export function expiresAt(expiry: Expiry, now = new Date()): Date | null | undefined {
  switch (expiry.kind) {
    case "never":
      return null;
    case "days": {
      const moment = new Date(now);
      moment.setDate(moment.getDate() + expiry.days);
      return moment;
    }
    case "on": {
      const end = new Date(`${expiry.day}T23:59:59`);
      return Number.isNaN(end.getTime()) ? undefined : end;
    }
  }
}

/** A day as a date field has it: `2026-03-18`, where the reader is. */
export function dayOf(moment: Date): string {
  const [year, month, day] = [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()];
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}
