import { describe, expect, it } from "vitest";
import type { LogOutput } from "@/api";
import { againSearch } from "./run-again";

const row = (request_payload: unknown, more: Partial<LogOutput> = {}) =>
  ({ connection_id: "c", action: "act", request_payload, payload_truncated: false, ...more }) as LogOutput;

describe("the address for running it again", () => {
  it("has the parameters, without what the log keeps secret", () => {
    const payload = { user: "ada", password: "[redacted]", deep: { token: "[redacted]", a: null } };
    expect(againSearch(row(payload))).toEqual({
      connection: "c",
      action: "act",
      parameters: '{"user":"ada","deep":{"a":null}}',
    });
  });

  it("has none that are cut, or long, or only secret", () => {
    const bare = { connection: "c", action: "act" };
    expect(againSearch(row({ a: 1 }, { payload_truncated: true }))).toEqual(bare);
    expect(againSearch(row({ a: "a".repeat(1500) }))).toEqual(bare);
    expect(againSearch(row({ password: "[redacted]" }))).toEqual(bare);
  });
});
