import { formatExact } from "@/lib/format";
import type { PlotProps } from "./plot";
import { colourOf } from "./series";

interface PlotTooltipProps extends Pick<PlotProps, "series" | "format" | "categories"> {
  // recharts gives these to its content.
  active?: boolean;
  label?: string | number;
  payload?: readonly { dataKey?: unknown; value?: unknown }[];
}

export function PlotTooltip({
  active,
  label,
  payload = [],
  series,
  format = String,
  categories,
}: PlotTooltipProps) {
  if (!active || label === undefined) return null;
  return (
    <div className="rounded-md border bg-popover px-3 py-2 text-xs shadow-black/5 shadow-lg">
      <p className="mb-1 text-muted-foreground">{categories ? label : formatExact(String(label))}</p>
      {series.map(({ key, label: name, colour }, index) => {
        const value = payload.find(({ dataKey }) => dataKey === key)?.value;
        return (
          <div key={key} className="flex items-center gap-2">
            <span className="size-2 rounded-full" style={{ background: colourOf(colour, index) }} />
            <span className="text-muted-foreground">{name}</span>
            <span className="ml-auto pl-4 font-medium">
              {typeof value === "number" ? format(value) : "–"}
            </span>
          </div>
        );
      })}
    </div>
  );
}
