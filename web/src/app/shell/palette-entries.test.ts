import { expect, it } from "vitest";
import { matching, type PaletteEntry } from "./palette-entries";

const entry = (label: string, ...keywords: string[]): PaletteEntry => ({
  id: label,
  label,
  keywords,
  run: () => undefined,
});
const entries = [entry("Dark theme"), entry("Go to Logs"), entry("Theme of the system", "appearance")];
const labels = (typed: string) => matching(entries, typed).map(({ label }) => label);

it("finds by all words, in any order, also by keywords", () => {
  expect(labels("theme dark")).toEqual(["Dark theme"]);
  expect(labels("APPEAR")).toEqual(["Theme of the system"]);
  expect(labels("dt")).toEqual([]);
});

it("puts what begins so first, and keeps the order otherwise", () => {
  expect(labels("theme")).toEqual(["Theme of the system", "Dark theme"]);
  expect(labels("")).toEqual(["Dark theme", "Go to Logs", "Theme of the system"]);
});
