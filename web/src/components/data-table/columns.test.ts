import { expect, it } from "vitest";
import { columnsAt, rowAfter, templateOf } from "./columns";

const columns = [
  { id: "a", header: "A", cell: () => null, width: "8rem" },
  { id: "b", header: "B", cell: () => null, from: 500 },
];

it("shows the columns that there is room for", () => {
  expect(columnsAt(columns, 499).map(({ id }) => id)).toEqual(["a"]);
  expect(templateOf(columnsAt(columns, 500))).toBe("8rem minmax(0,1fr)");
});

it.each([
  ["j", -1, 0],
  ["j", 9, 9],
  ["k", 0, 0],
  ["k", 5, 4],
  ["PageDown", 2, 7],
  ["End", 0, 9],
  ["Home", 9, 0],
  ["x", 3, undefined],
])("%s leads from row %d to row %s", (key, active, next) => {
  expect(rowAfter(key, active, 10, 5)).toBe(next);
});

it("leads nowhere in an empty list", () => {
  expect(rowAfter("j", -1, 0, 5)).toBeUndefined();
});
