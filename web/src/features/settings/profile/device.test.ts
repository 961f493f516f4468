import { expect, it } from "vitest";
import { deviceOf } from "./device";

const MOZILLA = "Mozilla/5.0";

it.each([
  [
    `${MOZILLA} (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36 Edg/131.0`,
    { kind: "desktop", name: "Edge on Windows" },
  ],
  [
    `${MOZILLA} (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15`,
    { kind: "desktop", name: "Safari on macOS" },
  ],
  [
    `${MOZILLA} (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0`,
    { kind: "desktop", name: "Firefox on Linux" },
  ],
  [
    `${MOZILLA} (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile Safari/537.36`,
    { kind: "phone", name: "Chrome on Android" },
  ],
  [
    `${MOZILLA} (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1`,
    { kind: "phone", name: "Safari on iOS" },
  ],
  ["curl/8.11.0", { kind: "program", name: "curl/8.11.0" }],
  [null, { kind: "program", name: "Unknown program" }],
])("says what %s is", (userAgent, device) => {
  expect(deviceOf(userAgent)).toEqual(device);
});
