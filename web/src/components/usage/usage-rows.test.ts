import { describe, expect, it } from "vitest";
import type { GroupOutput, UsageOutput, UsageRowOutput } from "@/api";
import { changeOf, groupedOf, pointsOf } from "./usage-rows";

const STEPS = ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"];

function group(id: string | null, is_rest = false): GroupOutput {
  return { id, label: id, name: id && `Name of ${id}`, integration: null, is_rest };
}

function row(start: string | null, of: GroupOutput | null, executions: number): UsageRowOutput {
  return {
    start,
    group: of,
    executions,
    started: 1,
    success: executions - 3,
    error: 1,
    refused: 0,
    unknown: 1,
    success_rate: 0.5,
    p50_ms: 10,
    p95_ms: 20,
    p99_ms: 30,
  };
}

function usage(data: UsageRowOutput[], groups: UsageRowOutput[] = []): UsageOutput {
  return { steps: STEPS, data, groups } as unknown as UsageOutput;
}

describe("pointsOf", () => {
  it("has a point for each step, empty where nothing happened", () => {
    const points = pointsOf(usage([row("2026-01-01T01:00:00+00:00", null, 9)]));
    expect(points.map(({ start }) => start)).toEqual(STEPS);
    expect(points[0]).toMatchObject({ success: 0, error: 0, rate: null, p50: null });
    expect(points[1]).toMatchObject({ success: 6, error: 1, refused: 0, other: 2, rate: 0.5, p99: 30 });
  });
});

describe("groupedOf", () => {
  const [busy, quiet, rest] = [group("a"), group("b"), group(null, true)];
  const groups = [row(null, busy, 8), row(null, quiet, 5), row(null, rest, 3)];
  const data = [row(STEPS[0] ?? "", busy, 8), row(STEPS[2] ?? "", quiet, 5), row(STEPS[2] ?? "", rest, 3)];

  it("has a column for each group, the busiest first", () => {
    const { points, series } = groupedOf(usage(data, groups), () => false);
    expect(series.map(({ key, label }) => [key, label])).toEqual([
      ["g0", "Name of a"],
      ["g1", "Name of b"],
      ["g2", "All others"],
    ]);
    expect(points).toEqual([
      { start: STEPS[0], g0: 8, g1: 0, g2: 0 },
      { start: STEPS[1], g0: 0, g1: 0, g2: 0 },
      { start: STEPS[2], g0: 0, g1: 5, g2: 3 },
    ]);
  });

  it("leaves out what is skipped, and keeps the rest apart from those without", () => {
    const none = group(null);
    const found = usage([row(STEPS[0] ?? "", none, 4), ...data], [row(null, none, 4), ...groups]);
    const { points, series } = groupedOf(found, ({ id, is_rest }) => id === null && !is_rest);
    expect(series).toHaveLength(3);
    expect(points[0]).toEqual({ start: STEPS[0], g0: 8, g1: 0, g2: 0 });
  });
});

it("compares with the time before, where there is something to compare with", () => {
  expect(changeOf(15, 10)).toBe(0.5);
  expect(changeOf(5, 10)).toBe(-0.5);
  expect(changeOf(5, 0)).toBeUndefined();
  expect(changeOf(5, undefined)).toBeUndefined();
  expect(changeOf(null, 5)).toBeUndefined();
});
