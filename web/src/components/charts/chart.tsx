import { lazy, Suspense } from "react";
import { cn } from "@/lib/cn";
import { ErrorState } from "../error-state";
import { Skeleton } from "../ui/skeleton";
import { ChartTable } from "./chart-table";
import type { PlotProps } from "./plot";
import { colourOf, type Series } from "./series";

export type { Series } from "./series";

const Plot = lazy(() => import("./plot"));

export interface TimeChartProps<Row extends object> {
  /** What it shows, for screen readers: "Executions by hour". */
  label: string;
  kind: "area" | "line" | "bar";
  /** Undefined while they are loading. */
  rows: readonly Row[] | undefined;
  /** The member that holds the time (RFC 3339), or the category. */
  x: Extract<keyof Row, string>;
  series: readonly Series<Row>[];
  /** How values are written: `formatDuration`, `formatCompact`. */
  format?: (value: number) => string;
  /** The ends of the axis, where they are not 0 and the greatest value: for parts of a whole. */
  domain?: readonly [number, number];
  /** On top of each other: parts of a whole. */
  stacked?: boolean;
  /** `x` is a name, not a time. */
  categories?: boolean;
  error?: unknown;
  onRetry?: () => void;
  /** Which part of the axis was chosen by drawing over it. */
  onZoom?: (from: string, to: string) => void;
  /** A height: `h-64`. What is loading, empty or failed is as high. */
  className?: string;
  /** No legend: the title says what the one series is. */
  hideLegend?: boolean;
}

/** Values over time. A table with the same stands behind it, for those who cannot see it. */
export function Chart<Row extends object>(props: TimeChartProps<Row>) {
  const { label, rows, series, error, onRetry, className, hideLegend } = props;
  return (
    <figure className="relative m-0 min-w-0" aria-label={label}>
      {!hideLegend && <Legend series={series} />}
      <div className={cn("relative h-56 w-full min-w-0", className)}>
        {error && !rows ? (
          <ErrorState error={error} onRetry={onRetry} className="py-4" />
        ) : rows === undefined ? (
          <Skeleton className="size-full rounded-md" />
        ) : rows.length === 0 ? (
          <p className="grid size-full place-items-center text-muted-foreground">Nothing in this time.</p>
        ) : (
          <Suspense fallback={<Skeleton className="size-full rounded-md" />}>
            {/* recharts does not know the rows' type. */}
            <Plot {...(props as unknown as PlotProps)} rows={rows as PlotProps["rows"]} />
          </Suspense>
        )}
      </div>
      {rows && rows.length > 0 && (
        <ChartTable {...(props as unknown as PlotProps)} rows={rows as PlotProps["rows"]} />
      )}
    </figure>
  );
}

function Legend({
  series,
}: {
  series: readonly Pick<Series<never>, "key" | "label" | "colour" | "dashed">[];
}) {
  return (
    <ul className="mb-2 flex flex-wrap gap-x-4 gap-y-1 text-muted-foreground text-xs" aria-hidden>
      {series.map(({ key, label, colour, dashed }, index) => (
        <li key={key} className="flex items-center gap-1.5">
          <span
            className={cn("w-3", dashed ? "border-t-2 border-dashed" : "h-0.5 rounded-full")}
            style={
              dashed ? { borderColor: colourOf(colour, index) } : { background: colourOf(colour, index) }
            }
          />
          {label}
        </li>
      ))}
    </ul>
  );
}
