import { fetchWithSession, type LogOutput, type Problem, problemOf } from "@/api";
import { client } from "@/api/client";
import type { LogConditions } from "@/components/execution-filters/filters";
import { readEvents } from "@/lib/server-sent-events";

export interface LogListener {
  /** The stream is open. `resumed`: it goes on where it ended, so that nothing is missing. */
  onOpen(resumed: boolean): void;
  onExecutions(rows: LogOutput[]): void;
  /** Some were left out. */
  onGap(): void;
  /** It is interrupted, and tried again. */
  onBreak(): void;
  /** It would be the next time as well, so that it ends. */
  onRefused(problem: Problem): void;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** Changes within so long show together. */
const TOGETHER_MS = 100;

/** Where a stream ended: the id of its last event. */
export interface Place {
  last?: string;
}

/** Tells of executions as they start and end, until the signal; goes on from the place after interruptions. */
export async function followLogs(
  conditions: LogConditions,
  place: Place,
  listener: LogListener,
  signal: AbortSignal,
) {
  const url = client.buildUrl({ url: "/api/v2/logs/stream", query: conditions });
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const body = await open(url, place.last, signal);
      listener.onOpen(place.last !== undefined);
      pause = FIRST_PAUSE_MS;
      await listen(body, place, listener);
    } catch (error) {
      if (signal.aborted) return;
      const problem = problemOf(error);
      if (isRefusal(problem)) return listener.onRefused(problem);
      listener.onBreak();
      pause = Math.max(pause, (problem.retryAfter ?? 0) * 1000);
    }
    await sleep(pause, signal);
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
  }
}

function isRefusal({ status, temporary }: Problem): boolean {
  return status >= 400 && !temporary;
}

async function open(url: string, last: string | undefined, signal: AbortSignal) {
  const headers = { Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) };
  const response = await fetchWithSession(url, { headers, signal });
  if (response.ok && response.body) return response.body;
  throw problemOf(await response.json().catch(() => undefined), response);
}

async function listen(body: ReadableStream<Uint8Array<ArrayBuffer>>, place: Place, listener: LogListener) {
  const { add, flush } = together(listener.onExecutions);
  try {
    for await (const { event, data, id } of readEvents(body)) {
      place.last = id ?? place.last;
      if (event === "execution" && data !== undefined) add(JSON.parse(data) as LogOutput);
      else if (event === "gap") listener.onGap();
    }
  } finally {
    flush();
  }
}

/** Collects what comes at nearly the same time. */
function together<T>(tell: (items: T[]) => void) {
  let items: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  function flush() {
    clearTimeout(timer);
    timer = undefined;
    const all = items;
    items = [];
    if (all.length > 0) tell(all);
  }
  function add(item: T) {
    items.push(item);
    timer ??= setTimeout(flush, TOGETHER_MS);
  }
  return { add, flush };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
