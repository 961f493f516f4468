import { ArrowDownRight, ArrowUpRight } from "lucide-react";
import { formatPercent } from "@/lib/format";
import { Skeleton } from "../ui/skeleton";

interface FigureProps {
  label: string;
  /** Undefined while it is loading. */
  children: string | undefined;
  /** Against the time before, as a part of it: 0.25 is a quarter more. */
  change?: number;
  /** What it was in the time before. */
  before?: string;
  /** Which way is good; without it, neither is. */
  better?: "up" | "down";
}

/** A number that sums up a time, beside that of the time before. In a `<dl>`. */
export function Figure({ label, children, change, before, better }: FigureProps) {
  return (
    <div className="flex min-w-0 flex-col gap-1 rounded-lg border bg-card px-4 py-3">
      <dt className="truncate text-muted-foreground">{label}</dt>
      <dd className="flex h-7 items-baseline justify-between gap-2">
        {children === undefined ? (
          <Skeleton className="h-6 w-20 self-center" />
        ) : (
          <span className="truncate font-semibold text-xl tracking-tight">{children}</span>
        )}
        {change !== undefined && Math.abs(change) >= 0.0005 && (
          <Change change={change} before={before} better={better} />
        )}
      </dd>
    </div>
  );
}

type ChangeProps = Required<Pick<FigureProps, "change">> & Pick<FigureProps, "before" | "better">;

function Change({ change, before, better }: ChangeProps) {
  const isUp = change > 0;
  const Arrow = isUp ? ArrowUpRight : ArrowDownRight;
  const size = sizeOf(Math.abs(change));
  const words = `${size} ${isUp ? "more" : "less"} than in the time before${before ? ` (${before})` : ""}`;
  return (
    <span className={`flex shrink-0 items-center text-xs ${toneOf(isUp, better)}`} title={words}>
      <Arrow className="size-3.5" aria-hidden />
      <span aria-hidden>{size}</span>
      <span className="sr-only">{words}</span>
    </span>
  );
}

/** Against nearly nothing, everything is much more. */
function sizeOf(change: number): string {
  return change > 10 ? ">1000 %" : formatPercent(Math.round(change * 1000) / 1000);
}

function toneOf(isUp: boolean, better: FigureProps["better"]): string {
  if (!better) return "text-muted-foreground";
  return isUp === (better === "up") ? "text-success" : "text-danger";
}
