import { describe, expect, it } from "vitest";
import { exampleOf } from "./example";
import type { JsonSchema } from "./json-schema";
import { hasMembers, parametersOf } from "./parameters";
import { boundWords, typeWords } from "./words";

const root: JsonSchema = {
  type: "object",
  required: ["to", "lines"],
  properties: {
    note: { type: ["string", "null"], maxLength: 10 },
    to: { $ref: "#/$defs/Address", description: "Where it goes" },
    lines: { type: "array", minItems: 1, maxItems: 5, items: { $ref: "#/$defs/Line" } },
    at: { type: "string", format: "date-time", examples: ["2026-02-03T04:05:06Z"] },
    either: { anyOf: [{ type: "integer" }, { type: "string" }, { type: "null" }] },
    both: {
      allOf: [{ $ref: "#/$defs/Address" }, { required: ["zip"], properties: { zip: { type: "string" } } }],
    },
    again: { $ref: "#" },
  },
  $defs: {
    Address: { type: "object", required: ["city"], properties: { city: { type: "string", minLength: 6 } } },
    Line: { type: "object", required: ["count"], properties: { count: { type: "integer", minimum: 3 } } },
  },
};

function member(name: string) {
  const found = parametersOf(root).find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
}

describe("what a schema says, for people", () => {
  it("has required parameters first", () => {
    expect(parametersOf(root).map(({ name }) => name)).toEqual([
      "to",
      "lines",
      "note",
      "at",
      "either",
      "both",
      "again",
    ]);
  });

  it.each([
    ["note", "string or null"],
    ["to", "object"],
    ["lines", "list of object"],
    ["at", "string (date-time)"],
    ["either", "integer or string or null"],
    ["both", "object"],
  ])("says what kind of value %s is", (name, words) => {
    expect(typeWords(member(name).schema, root)).toBe(words);
  });

  it("says bounds", () => {
    expect(boundWords(member("note").schema)).toEqual(["at most 10 characters"]);
    expect(boundWords(member("lines").schema)).toEqual(["1 to 5 entries"]);
    expect(boundWords({ minimum: 0 })).toEqual(["at least 0"]);
    expect(boundWords({ minLength: 1 })).toEqual(["not empty"]);
    expect(boundWords({ maxItems: 1 })).toEqual(["at most 1 entry"]);
  });

  it("leads into objects, lists of objects, and what holds together", () => {
    expect(member("to").schema.description).toBe("Where it goes");
    expect(
      member("to")
        .members()
        .map(({ name }) => name),
    ).toEqual(["city"]);
    expect(
      member("lines")
        .members()
        .map(({ name }) => name),
    ).toEqual(["count"]);
    expect(member("both").members()).toMatchObject([
      { name: "city", required: true },
      { name: "zip", required: true },
    ]);
    expect(hasMembers(member("note").schema, root)).toBe(false);
  });

  it("ends where a schema refers to itself", () => {
    expect(exampleOf({ ...root, required: ["again"] })).toHaveProperty("again");
    expect(typeWords({ $ref: "#/$defs/Self" }, { $defs: { Self: { $ref: "#/$defs/Self" } } })).toBe(
      "any value",
    );
  });
});

describe("an example made of a schema", () => {
  it("has what is required, and what has an example", () => {
    expect(exampleOf(root)).toEqual({
      to: { city: "textxx" },
      lines: [{ count: 3 }],
      at: "2026-02-03T04:05:06Z",
    });
  });

  it("is the schema's own, where it has one", () => {
    expect(exampleOf({ ...root, examples: [{ to: { city: "Zürich" } }] })).toEqual({
      to: { city: "Zürich" },
    });
  });

  it("is nothing for a schema that says nothing", () => {
    expect(exampleOf({})).toEqual({});
  });
});
