/** What a session was begun with. */
export interface Device {
  kind: "desktop" | "phone" | "program";
  name: string;
}

// Each is found in the names of those after it as well, so the order matters.
const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdgA?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Chrome|CriOS|HeadlessChrome)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

const SYSTEMS: readonly [RegExp, string][] = [
  [/\b(iPhone|iPad)\b/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

/** A `User-Agent` in a few words: "Firefox on Windows", or the program as it calls itself. */
export function deviceOf(userAgent: string | null): Device {
  if (!userAgent) return { kind: "program", name: "Unknown program" };
  const browser = nameIn(BROWSERS, userAgent);
  const system = nameIn(SYSTEMS, userAgent);
  if (!browser) return { kind: "program", name: userAgent.split(" ")[0] ?? userAgent };
  const kind = system === "iOS" || system === "Android" ? "phone" : "desktop";
  return { kind, name: system ? `${browser} on ${system}` : browser };
}

function nameIn(known: readonly [RegExp, string][], text: string): string | undefined {
  return known.find(([pattern]) => pattern.test(text))?.[1];
}
