import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { contrastOf, type Rgb, rgbOfOklch } from "@/lib/contrast";

const sheet = readFileSync(fileURLToPath(new URL("styles.css", import.meta.url)), "utf8");

function coloursOf(selector: string): Map<string, Rgb> {
  const block = sheet.slice(sheet.indexOf(`\n${selector} {`)).split("}")[0] ?? "";
  const found = block.matchAll(/--([\w-]+): oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)/g);
  return new Map(
    [...found].map(([, name = "", l, c, h]) => [name, rgbOfOklch(Number(l), Number(c), Number(h))]),
  );
}

/** Text and its ground; WCAG 2.2 AA wants 4.5 (1.4.3), and 3 of what shows where the keyboard is (1.4.11). */
const PAIRS: [string, string, number][] = [
  ...["background", "card", "popover", "sidebar", "muted"].flatMap((ground): [string, string, number][] => [
    ["foreground", ground, 7],
    ["muted-foreground", ground, 4.5],
    ["link", ground, 4.5],
    ["danger", ground, 4.5],
    ["ring", ground, 3],
  ]),
  ["primary-foreground", "primary", 4.5],
  ["primary-foreground", "primary-hover", 4.5],
  ["foreground", "primary-soft", 7],
  ["muted-foreground", "primary-soft", 4.5],
  ["link", "primary-soft", 4.5],
  ["success", "success-soft", 4.5],
  ["warning", "warning-soft", 4.5],
  ["danger", "danger-soft", 4.5],
  ["success", "card", 4.5],
  ["warning", "card", 4.5],
];

describe.each([
  ["light", ":root"],
  ["dark", ".dark"],
])("in the %s theme", (_, selector) => {
  const colours = coloursOf(selector);

  it.each(PAIRS)("%s on %s is told apart: at least %d", (text, ground, least) => {
    const [one, other] = [colours.get(text), colours.get(ground)];
    if (!one || !other) throw new Error(`There is no ${one ? ground : text}.`);

    expect(contrastOf(one, other)).toBeGreaterThanOrEqual(least);
  });
});
