import { describe, expect, it } from "vitest";
import type { LogOutput } from "@/api";
import { merged, NO_LIVE_ROWS, notBefore, withLive, without } from "./live-rows";

const always = () => true;

/** An execution at a second of a minute. */
function row(second: number, status: LogOutput["status"] = "success", id = `0${second}`): LogOutput {
  return { id, status, executed_at: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString() } as LogOutput;
}

function ids(rows: readonly LogOutput[]): string[] {
  return rows.map(({ id }) => id);
}

const list = [row(5), row(4, "started"), row(3), row(1)];

describe("withLive", () => {
  it("is the list itself where nothing has happened", () => {
    expect(withLive(list, NO_LIVE_ROWS)).toEqual(list);
    expect(withLive([], NO_LIVE_ROWS)).toEqual([]);
  });

  it("has new ones first, and one that came late in its place", () => {
    const live = merged(NO_LIVE_ROWS, [row(7), row(6), row(2)], always);
    expect(ids(withLive(list, live))).toEqual(["07", "06", "05", "04", "03", "02", "01"]);
  });

  it("shows how one has ended where it stood", () => {
    const live = merged(NO_LIVE_ROWS, [row(4, "error")], always);
    const shown = withLive(list, live);
    expect(ids(shown)).toEqual(ids(list));
    expect(shown[1]?.status).toBe("error");
  });

  it("leaves out what no longer fits", () => {
    const live = merged(NO_LIVE_ROWS, [row(4, "error")], ({ status }) => status === "started");
    expect(ids(withLive(list, live))).toEqual(["05", "03", "01"]);
  });

  it("begins an empty list", () => {
    expect(ids(withLive([], merged(NO_LIVE_ROWS, [row(1), row(2)], always)))).toEqual(["02", "01"]);
  });

  it("adds what is older than all", () => {
    expect(ids(withLive([row(5)], merged(NO_LIVE_ROWS, [row(1)], always)))).toEqual(["05", "01"]);
  });

  it("tells those of one moment apart by their ids", () => {
    const live = merged(NO_LIVE_ROWS, [row(5, "success", "05b")], always);
    expect(ids(withLive(list, live)).slice(0, 2)).toEqual(["05b", "05"]);
  });
});

it("leaves out what is older than the time that is shown", () => {
  expect(ids(notBefore(list, row(3).executed_at))).toEqual(["05", "04", "03"]);
  expect(notBefore(list, undefined)).toBe(list);
  expect(notBefore(list, row(1).executed_at)).toBe(list);
  expect(notBefore(list, row(9).executed_at)).toEqual([]);
});

it("shows the same after changes became part of the list", () => {
  const old = merged(NO_LIVE_ROWS, [row(7, "started"), row(6), row(4, "error")], always);
  const kept = withLive(list, old);
  const now = without(merged(old, [row(8), row(7)], always), old);
  expect([...now.keys()]).toEqual(["07", "08"]);
  expect(withLive(kept, now)).toEqual(withLive(list, merged(old, [row(8), row(7)], always)));
});

it("does not let one run again that has ended", () => {
  const live = merged(merged(NO_LIVE_ROWS, [row(4, "error")], always), [row(4, "started")], always);
  expect(live.get("04")?.status).toBe("error");
});
