import { useQuery } from "@tanstack/react-query";
import { getUsageOptions, type LogOutput } from "@/api";
import { formatDuration } from "@/lib/format";
import { rangeOf } from "@/lib/time-range";

/** How long it took, beside how long that action usually takes. */
export function Timing({ row }: { row: LogOutput }) {
  const { duration_ms, attempts, status } = row;
  const usual = useUsual(row);
  if (duration_ms === null) return status === "started" ? "Still running" : "Not known";
  const marks = usual && [
    { name: "p50", ms: usual.p50 },
    { name: "p95", ms: usual.p95 },
  ];
  const whole = Math.max(duration_ms, usual?.p95 ?? 0) * 1.05;
  return (
    <div className="flex flex-col gap-1.5">
      <span>
        {formatDuration(duration_ms)}
        <span className="text-muted-foreground">{attemptsOf(attempts)}</span>
      </span>
      {marks && (
        <>
          <div className="relative h-1.5 w-full max-w-80 rounded-full bg-muted" aria-hidden>
            <div
              className="h-full rounded-full bg-chart-1"
              style={{ width: `${Math.max(1, (duration_ms / whole) * 100)}%` }}
            />
            {marks.map(({ name, ms }) => (
              <span
                key={name}
                className="absolute -inset-y-1 w-px bg-foreground"
                style={{ left: `${(ms / whole) * 100}%` }}
              />
            ))}
          </div>
          <span className="text-muted-foreground text-xs">
            Last 7 days: half within {formatDuration(usual.p50)}, 95 % within {formatDuration(usual.p95)}
          </span>
        </>
      )}
    </div>
  );
}

function attemptsOf(attempts: number): string {
  if (attempts === 0) return " · the service was not called";
  return attempts === 1 ? " · 1 attempt" : ` · ${attempts} attempts`;
}

/** Of those that reached the service. */
function useUsual({ action_id, workspace_id, attempts, duration_ms }: LogOutput) {
  const { data } = useQuery({
    ...getUsageOptions({
      query: { workspace_id, action: action_id, bucket: "day", ...rangeOf({ range: "7d" }) },
    }),
    enabled: action_id !== null && attempts > 0 && duration_ms !== null,
    staleTime: 5 * 60_000,
    placeholderData: undefined,
  });
  const { p50_ms, p95_ms } = data?.total ?? {};
  return p50_ms && p95_ms ? { p50: p50_ms, p95: p95_ms } : undefined;
}
