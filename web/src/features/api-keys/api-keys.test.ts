import { describe, expect, it } from "vitest";
import { dayOf, expiresAt } from "./expiry";
import { limitInWords } from "./rate-limit";
import { ALL_SCOPES, scopesInWords } from "./scopes";

const NOW = new Date(2026, 2, 18, 14, 37, 21);

describe("expiresAt", () => {
  it("counts days from now", () => {
    expect(expiresAt({ kind: "days", days: 30 }, NOW)).toEqual(new Date(2026, 3, 17, 14, 37, 21));
  });

  it("takes a chosen day to its end", () => {
    expect(expiresAt({ kind: "on", day: "2026-03-20" }, NOW)).toEqual(new Date(2026, 2, 20, 23, 59, 59));
  });

  it("tells never from what is no day", () => {
    expect(expiresAt({ kind: "never" }, NOW)).toBeNull();
    expect(expiresAt({ kind: "on", day: "" }, NOW)).toBeUndefined();
  });
});

it("writes a day as a date field has it", () => {
  expect(dayOf(new Date(2026, 0, 5, 23, 59))).toBe("2026-01-05");
});

it("says a limit in words", () => {
  expect(limitInWords({ requests: 1200, per_seconds: 60 })).toBe("1,200 a minute");
  expect(limitInWords({ requests: 5, per_seconds: 3600 })).toBe("5 an hour");
  expect(limitInWords({ requests: 5, per_seconds: 10 })).toBe("5 in 10 s");
});

it("says scopes in words, in one order", () => {
  expect(scopesInWords(ALL_SCOPES)).toBe("Everything");
  expect(scopesInWords(["logs:read", "execute"])).toBe("Run actions, read logs and usage");
});
