import { useCallback, useEffect, useRef, useState } from "react";
import { type LogOutput, listLogs, type Problem } from "@/api";
import type { LogConditions } from "@/components/execution-filters/filters";
import { followLogs, type Place } from "./follow-logs";
import { type LiveRows, merged, NO_LIVE_ROWS, without } from "./live-rows";

/** `connecting` also after an interruption, until it goes on; the problem, where the gateway refuses. */
export type LiveState = "off" | "connecting" | "on" | Problem;

interface Live {
  rows: LiveRows;
  state: LiveState;
  /** These are part of the list by now. */
  drop(rows: LiveRows): void;
}

/** What a page of the list has at most. */
export const PAGE = 200;

interface List {
  /** Something was missed: it must be loaded anew. */
  onGap(): void;
  has(row: LogOutput): boolean;
}

/** What happens from now on to the executions that fit. */
export function useLive(conditions: LogConditions, enabled: boolean, list: List): Live {
  const [rows, setRows] = useState(NO_LIVE_ROWS);
  const [state, setState] = useState<LiveState>("connecting");
  const visible = useVisible();
  const latest = useRef(list);
  latest.current = list;
  const place = useRef<Place>({});
  const forget = useCallback(() => {
    setRows(NO_LIVE_ROWS);
    latest.current.onGap();
  }, []);

  useEffect(() => {
    if (!conditions) return;
    setRows(NO_LIVE_ROWS);
    place.current = {};
  }, [conditions]);

  useEffect(() => {
    // A page that nobody looks at needs no connection: browsers have few for each host.
    if (!enabled || !visible) return;
    const ended = new AbortController();
    const { signal } = ended;
    const fits = fitting(conditions);
    const { current: ours } = place;
    const add = (found: LogOutput[]) => {
      // What came a moment before others were asked for is none of those.
      if (place.current === ours) setRows((before) => merged(before, found, fits));
    };
    const join = (found: LogOutput[]) => {
      add(found);
      if (found.length === PAGE && !found.some((row) => latest.current.has(row))) forget();
    };
    setState("connecting");
    void followLogs(
      asked(conditions),
      ours,
      {
        onOpen: (resumed) => {
          setState("on");
          if (!resumed) void catchUp(conditions, signal).then(join, () => undefined);
        },
        onExecutions: add,
        onGap: forget,
        onBreak: () => setState("connecting"),
        onRefused: setState,
      },
      signal,
    );
    return () => ended.abort();
  }, [conditions, enabled, visible, forget]);

  const drop = useCallback((old: LiveRows) => setRows((now) => without(now, old)), []);
  return { rows, state: enabled ? state : "off", drop };
}

/** What happened between the loading of the list and the opening of the stream. */
async function catchUp(conditions: LogConditions, signal: AbortSignal): Promise<LogOutput[]> {
  const query = { ...conditions, payloads: false, limit: PAGE };
  return (await listLogs({ query, signal, throwOnError: true })).data.data;
}

/** Of those that still run, the gateway does not tell how they ended unless that is asked for as well. */
function asked({ status, ...others }: LogConditions): LogConditions {
  return status?.includes("started") ? others : { status, ...others };
}

function fitting({ status }: LogConditions): (row: LogOutput) => boolean {
  return status ? (row) => status.includes(row.status) : () => true;
}

function useVisible(): boolean {
  const [visible, setVisible] = useState(() => document.visibilityState === "visible");
  useEffect(() => {
    const changed = () => setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", changed);
    return () => document.removeEventListener("visibilitychange", changed);
  }, []);
  return visible;
}
