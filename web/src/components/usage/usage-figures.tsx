import type { UsageOutput } from "@/api";
import { cn } from "@/lib/cn";
import { formatDuration, formatNumber, formatPercent } from "@/lib/format";
import { Figure } from "./figure";
import { changeOf } from "./usage-rows";

interface UsageFiguresProps {
  /** Undefined while it is loading. */
  usage: UsageOutput | undefined;
  /** How long the slowest hundredth took, too. */
  tail?: boolean;
}

/** The whole time in numbers, beside the time of the same length before. */
export function UsageFigures({ usage, tail = false }: UsageFiguresProps) {
  const { total, previous } = usage ?? {};
  const duration = (name: "p50_ms" | "p95_ms" | "p99_ms") => ({
    change: total && changeOf(total[name], previous?.[name]),
    before: previous ? formatDuration(previous[name]) : undefined,
    better: "down" as const,
    children: total && formatDuration(total[name]),
  });
  return (
    <dl
      className={cn(
        "grid grid-cols-2 gap-3",
        tail ? "*:last:col-span-2 lg:grid-cols-5 lg:*:last:col-span-1" : "lg:grid-cols-4",
      )}
    >
      <Figure
        label="Executions"
        change={total && changeOf(total.executions, previous?.executions)}
        before={previous ? formatNumber(previous.executions) : undefined}
      >
        {total && formatNumber(total.executions)}
      </Figure>
      <Figure
        label="Success rate"
        change={total && changeOf(total.success_rate, previous?.success_rate)}
        before={previous ? rate(previous.success_rate) : undefined}
        better="up"
      >
        {total && rate(total.success_rate)}
      </Figure>
      <Figure label="Median duration" {...duration("p50_ms")} />
      <Figure label="95th percentile" {...duration("p95_ms")} />
      {tail && <Figure label="99th percentile" {...duration("p99_ms")} />}
    </dl>
  );
}

function rate(part: number | null): string {
  return part === null ? "–" : formatPercent(part);
}
