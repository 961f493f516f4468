import { expect, it } from "vitest";
import { missingParameters, withParameters } from "./path-parameters";

const schema = JSON.stringify({ properties: { id: { type: "integer" } }, required: ["id"], title: "T" });

it("finds what a path names and the schema has not", () => {
  expect(missingParameters("/orders/{id}/lines/{line}/{line}", schema)).toEqual(["line"]);
  expect(missingParameters("/orders", "")).toEqual([]);
  expect(missingParameters("/orders/{id}", "{")).toEqual([]);
});

it("adds them to the schema, and leaves the rest as it is", () => {
  expect(JSON.parse(withParameters(schema, ["line"]))).toEqual({
    type: "object",
    title: "T",
    properties: { id: { type: "integer" }, line: { type: "string" } },
    required: ["id", "line"],
  });
  expect(withParameters("{", ["line"])).toBe("{");
});
