import { expect, it } from "vitest";
import { allPages } from "./all-pages";

it("follows the cursors to the end", async () => {
  const pages: Record<string, { data: number[]; next_cursor: string | null }> = {
    "": { data: [1, 2], next_cursor: "a" },
    a: { data: [], next_cursor: "b" },
    b: { data: [3], next_cursor: null },
  };

  expect(await allPages(async (cursor = "") => pages[cursor] ?? { data: [] })).toEqual([1, 2, 3]);
});
