import { describe, expect, it } from "vitest";
import { categoryWord, formatAgo, formatBytes, formatDuration, formatMoment, formatPercent } from "./format";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const before = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

describe("how long ago", () => {
  it.each([
    [3, "just now"],
    [-3, "just now"],
    [45, "45s ago"],
    [150, "2m ago"],
    [2 * 3600 + 59, "2h ago"],
    [86_400, "yesterday"],
    [3 * 86_400, "3d ago"],
    [-7200, "in 2h"],
    [20 * 86_400, "Nov 5"],
    [400 * 86_400, "Oct 21, 2025"],
  ])("%d seconds: %s", (seconds, text) => {
    expect(formatAgo(before(seconds), NOW)).toBe(text);
  });
});

describe("a moment", () => {
  it.each([
    [60, "11:59:00 AM"],
    [86_400, "Nov 24, 12:00:00 PM"],
    [400 * 86_400, "Oct 21, 2025, 12:00:00 PM"],
  ])("%d seconds ago: %s", (seconds, text) => {
    expect(formatMoment(before(seconds), NOW)).toBe(text);
  });
});

describe("durations, parts and sizes", () => {
  it.each([
    [0.4, "<1 ms"],
    [41.7, "42 ms"],
    [1240, "1.24 s"],
    [12_340, "12.3 s"],
    [125_000, "2 min 5 s"],
    [undefined, "–"],
  ])("%s ms is %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it.each([
    [1, "100 %"],
    [0, "0 %"],
    [0.9999, ">99.9 %"],
    [0.0001, "<0.1 %"],
    [0.955, "95.5 %"],
  ])("a part of %d is %s", (part, text) => {
    expect(formatPercent(part)).toBe(text);
  });

  it("writes categories as people do", () => {
    expect(["crm", "developer-tools"].map(categoryWord)).toEqual(["CRM", "Developer tools"]);
  });

  it.each([
    [999, "999 B"],
    [1000, "1.0 kB"],
    [999_999, "1.0 MB"],
    [25_000_000, "25 MB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
