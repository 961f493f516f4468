import { useSyncExternalStore } from "react";
import { cn } from "@/lib/cn";
import { formatAgo, formatExact } from "@/lib/format";

const STEP = 15_000;

/** How long ago, kept current; the exact time on hover. */
export function TimeAgo({ time, className }: { time: string; className?: string }) {
  useSyncExternalStore(tick, currentStep);
  return (
    <time dateTime={time} title={formatExact(time)} className={cn("whitespace-nowrap", className)}>
      {formatAgo(time)}
    </time>
  );
}

function currentStep(): number {
  return Math.floor(Date.now() / STEP);
}

// One clock for all that are on the page.
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function tick(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const tell of listeners) tell();
  }, STEP);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
