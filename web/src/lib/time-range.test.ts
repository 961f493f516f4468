import { describe, expect, it } from "vitest";
import { fromLocalField, rangeOf, rangeSearch, toLocalField } from "./time-range";

const NOW = new Date(2026, 2, 18, 14, 37, 21);

describe("rangeSearch", () => {
  it("takes a preset, or ends", () => {
    expect(rangeSearch({ range: "7d" })).toEqual({ range: "7d" });
    expect(rangeSearch({ from: "2026-03-01T10:00:00+01:00" })).toEqual({ from: "2026-03-01T09:00:00.000Z" });
  });

  it("prefers ends, and leaves out what is no time", () => {
    expect(rangeSearch({ range: "7d", to: "2026-03-01T00:00:00Z" })).toEqual({
      to: "2026-03-01T00:00:00.000Z",
    });
    expect(rangeSearch({ range: "8d", from: "yesterday" })).toEqual({});
    expect(rangeSearch({ from: "2026-03-02T00:00:00Z", to: "2026-03-01T00:00:00Z" })).toEqual({});
  });
});

describe("rangeOf", () => {
  it("begins days at the reader's midnight, with today as the last", () => {
    expect(rangeOf({ range: "7d" }, NOW).from).toBe(new Date(2026, 2, 12).toISOString());
  });

  it("begins hours at whole ones, with this hour as the last", () => {
    const begun = new Date(rangeOf({ range: "24h" }, NOW).from ?? "");
    expect(begun.getUTCMinutes()).toBe(0);
    expect(NOW.getTime() - begun.getTime()).toBeGreaterThan(23 * 3_600_000);
    expect(NOW.getTime() - begun.getTime()).toBeLessThan(24 * 3_600_000);
  });

  it("begins minutes at whole ones, so that the question stays the same within a minute", () => {
    expect(rangeOf({ range: "15m" }, NOW).from).toBe(new Date(2026, 2, 18, 14, 22).toISOString());
    expect(rangeOf({ range: "1h" }, NOW).from).toBe(new Date(2026, 2, 18, 13, 37).toISOString());
  });

  it("has no end where the address has none", () => {
    expect(rangeOf({}, NOW)).toEqual({ from: undefined, to: undefined });
  });
});

it("goes to a form's field and back", () => {
  const time = new Date(2026, 2, 18, 14, 37).toISOString();
  expect(toLocalField(time)).toBe("2026-03-18T14:37");
  expect(fromLocalField(toLocalField(time))).toBe(time);
  expect(fromLocalField("")).toBeUndefined();
});
