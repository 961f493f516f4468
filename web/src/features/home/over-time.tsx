import { useMemo } from "react";
import type { UsageOutput } from "@/api";
import { Chart } from "@/components/charts";
import { Card, CardContent, CardHeader } from "@/components/ui/card";
import { pointsOf } from "@/components/usage/usage-rows";
import { formatCompact, formatDuration } from "@/lib/format";

/** How many, and how long they took. */
export function OverTime({ usage }: { usage: UsageOutput | undefined }) {
  const points = useMemo(() => usage && pointsOf(usage), [usage]);
  const step = usage?.bucket ?? "hour";
  return (
    <div className="grid gap-5 lg:grid-cols-2">
      <Card>
        <CardHeader title="Executions" />
        <CardContent>
          <Chart
            label={`Executions by ${step}`}
            kind="bar"
            stacked
            rows={points}
            x="start"
            series={[
              { key: "success", label: "Success", colour: "success" },
              { key: "error", label: "Error", colour: "danger" },
              { key: "refused", label: "Refused", colour: "warning" },
            ]}
            format={formatCompact}
          />
        </CardContent>
      </Card>
      <Card>
        <CardHeader title="Duration" />
        <CardContent>
          <Chart
            label={`Duration by ${step}`}
            kind="line"
            rows={points}
            x="start"
            series={[
              { key: "p50", label: "Median" },
              { key: "p95", label: "95th percentile", dashed: true },
            ]}
            format={formatDuration}
          />
        </CardContent>
      </Card>
    </div>
  );
}
