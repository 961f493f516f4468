import { useState } from "react";
import {
  Area,
  AreaChart,
  Bar,
  BarChart,
  CartesianGrid,
  Line,
  LineChart,
  ReferenceArea,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";
import { formatCompact } from "@/lib/format";
import type { TimeChartProps } from "./chart";
import { PlotTooltip } from "./plot-tooltip";
import { colourOf, tickFormat } from "./series";

type Row = Record<string, string | number | null>;

export interface PlotProps extends Omit<TimeChartProps<Row>, "rows"> {
  rows: readonly Row[];
}

const FRAMES = { area: AreaChart, line: LineChart, bar: BarChart };
const TICK = { fill: "var(--muted-foreground)", fontSize: 12 };

/** The drawing itself, by recharts; loaded with the first chart. */
export default function Plot({
  kind,
  rows,
  x,
  series,
  format = formatCompact,
  domain,
  stacked,
  categories,
  onZoom,
}: PlotProps) {
  const Frame = FRAMES[kind];
  const zoom = useZoom(onZoom);
  const times = rows.map((row) => String(row[x]));
  return (
    <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 600, height: 224 }}>
      <Frame
        data={[...rows]}
        margin={{ top: 4, right: 4, bottom: 0, left: 0 }}
        accessibilityLayer
        {...zoom.handlers}
      >
        <CartesianGrid vertical={false} stroke="var(--border)" />
        <XAxis
          dataKey={x}
          tick={TICK}
          tickLine={false}
          axisLine={{ stroke: "var(--border)" }}
          tickFormatter={categories ? undefined : tickFormat(times)}
          minTickGap={48}
        />
        <YAxis
          tick={TICK}
          tickLine={false}
          axisLine={false}
          width={52}
          tickFormatter={format}
          domain={domain}
          allowDecimals={domain !== undefined}
        />
        <Tooltip
          isAnimationActive={false}
          cursor={kind === "bar" ? { fill: "var(--muted)" } : { stroke: "var(--input)" }}
          content={<PlotTooltip series={series} format={format} categories={categories} />}
        />
        {series.map((entry, index) => mark(kind, entry, index, stacked))}
        {zoom.area && (
          <ReferenceArea x1={zoom.area[0]} x2={zoom.area[1]} fill="var(--ring)" fillOpacity={0.15} />
        )}
      </Frame>
    </ResponsiveContainer>
  );
}

function mark(kind: PlotProps["kind"], entry: PlotProps["series"][number], index: number, stacked?: boolean) {
  const colour = colourOf(entry.colour, index);
  const common = { dataKey: entry.key, name: entry.label, isAnimationActive: false } as const;
  const stackId = stacked ? "all" : undefined;
  const dash = entry.dashed ? "4 4" : undefined;
  if (kind === "bar")
    return <Bar key={entry.key} {...common} stackId={stackId} fill={colour} maxBarSize={28} />;
  const stroke = {
    stroke: colour,
    strokeWidth: 1.5,
    strokeDasharray: dash,
    dot: false,
    type: "monotone",
  } as const;
  if (kind === "line") return <Line key={entry.key} {...common} {...stroke} connectNulls />;
  return <Area key={entry.key} {...common} {...stroke} stackId={stackId} fill={colour} fillOpacity={0.14} />;
}

interface Pointed {
  activeLabel?: string | number;
}

/** Drawing over a part of the axis chooses it. */
function useZoom(onZoom: PlotProps["onZoom"]) {
  const [area, setArea] = useState<[string, string]>();
  if (!onZoom) return { handlers: {}, area: undefined };
  const handlers = {
    onMouseDown: ({ activeLabel }: Pointed) => {
      if (activeLabel !== undefined) setArea([String(activeLabel), String(activeLabel)]);
    },
    onMouseMove: ({ activeLabel }: Pointed) => {
      if (area && activeLabel !== undefined) setArea([area[0], String(activeLabel)]);
    },
    onMouseUp: () => {
      setArea(undefined);
      if (!area || area[0] === area[1]) return;
      const [from, to] = area[0] < area[1] ? area : ([area[1], area[0]] as const);
      onZoom(from, to);
    },
    onMouseLeave: () => setArea(undefined),
  };
  return { handlers, area };
}
