import { cn } from "@/lib/cn";

/** A small line without axes, beside a number that says more. */
export function Sparkline({ values, className }: { values: readonly number[]; className?: string }) {
  if (values.length < 2) return <div className={className} />;
  const top = Math.max(...values, 1);
  const points = values.map(
    (value, index) => `${(index / (values.length - 1)) * 100},${30 - (value / top) * 28}`,
  );
  return (
    <svg
      viewBox="0 0 100 31"
      preserveAspectRatio="none"
      aria-hidden
      focusable="false"
      className={cn("h-8 w-full overflow-visible text-chart-1", className)}
    >
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
