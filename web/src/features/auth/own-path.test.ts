import { expect, test } from "vitest";
import { ownPath } from "./own-path";

test.each([
  ["/w/1/logs?status=error", "/w/1/logs?status=error"],
  ["/", "/"],
  [undefined, "/"],
  ["", "/"],
  ["https://evil.example", "/"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["/w\\..\\..", "/"],
  ["javascript:alert(1)", "/"],
  ["/sign-in?return_to=/sign-in", "/"],
])("%s leads to %s", (address, expected) => {
  expect(ownPath(address)).toBe(expected);
});
