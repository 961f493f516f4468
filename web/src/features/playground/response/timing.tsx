import { formatDuration } from "@/lib/format";
import type { Answered } from "../request/execution";

/** How long it took: the part that Portway and the service needed, and the way from the browser and back. */
export function Timing({ answered }: { answered: Answered }) {
  const { took } = answered;
  if (answered.kind !== "success")
    return <span className="text-muted-foreground">{formatDuration(took)}</span>;
  const within = Math.min(took, answered.success.duration_ms);
  return (
    <span className="flex items-center gap-2 text-muted-foreground">
      <span
        className="flex h-1.5 w-24 overflow-hidden rounded-full bg-muted"
        title={`${formatDuration(within)} of ${formatDuration(took)} with Portway and the service`}
        aria-hidden
      >
        <span className="bg-chart-1" style={{ width: `${(within / took) * 100}%` }} />
        <span className="flex-1 bg-chart-2/40" />
      </span>
      <span>
        <span className="text-foreground">{formatDuration(within)}</span>
        <span className="hidden 2xl:inline">{` · ${formatDuration(took)} round trip`}</span>
      </span>
    </span>
  );
}
