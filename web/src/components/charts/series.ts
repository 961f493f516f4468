/** One line, area or row of bars. */
export interface Series<Row> {
  key: Extract<keyof Row, string>;
  label: string;
  /** By default the next of the chart's own colours; `success`, `warning`, `danger` where it is a status. */
  colour?: "1" | "2" | "3" | "4" | "5" | "success" | "warning" | "danger" | "neutral";
  /** A line that is drawn with dashes. */
  dashed?: boolean;
}

export function colourOf(colour: Series<unknown>["colour"], index: number): string {
  if (colour === "neutral") return "var(--muted-foreground)";
  if (colour && !/^\d$/.test(colour)) return `var(--${colour})`;
  return `var(--chart-${colour ?? (index % 5) + 1})`;
}

const DAY = 86_400_000;

/** How a time is written below an axis: the hour of a day, the day of a longer time. */
export function tickFormat(times: readonly string[]): (time: string) => string {
  const first = times[0];
  const last = times.at(-1);
  const span = first && last ? Date.parse(last) - Date.parse(first) : 0;
  const options: Intl.DateTimeFormatOptions =
    span <= 2 * DAY ? { hour: "2-digit", minute: "2-digit" } : { month: "short", day: "numeric" };
  const format = new Intl.DateTimeFormat(undefined, options);
  return (time) => format.format(new Date(time));
}
