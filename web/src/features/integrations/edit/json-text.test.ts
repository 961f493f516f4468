import { describe, expect, it } from "vitest";
import { readObject, schemaFaults, writeObject } from "./json-text";

describe("a JSON object as it is typed", () => {
  it.each([
    ["", { value: {} }],
    ['{"a": 1}', { value: { a: 1 } }],
    ["[1]", { fault: "Must be a JSON object: { … }." }],
    ["null", { fault: "Must be a JSON object: { … }." }],
    ['{"a": ', { fault: "This is not JSON yet." }],
  ])("%s", (text, read) => expect(readObject(text)).toEqual(read));

  it("is written as it is read", () => {
    expect(writeObject({})).toBe("");
    expect(readObject(writeObject({ a: { b: [1] } })).value).toEqual({ a: { b: [1] } });
  });
});

const schema = {
  $ref: "#/$defs/Root",
  $defs: {
    Root: {
      type: "object",
      properties: {
        kind: { anyOf: [{ enum: ["a", "b"] }, { type: "null" }] },
        inner: { $ref: "#/$defs/Inner" },
      },
      additionalProperties: false,
    },
    Inner: { type: "object", properties: { size: { type: "integer" } }, additionalProperties: false },
  },
};

describe("what a schema has against a value", () => {
  it("is nothing for one that fits", () => {
    expect(schemaFaults(schema, { kind: "a", inner: { size: 1 } })).toEqual([]);
    expect(schemaFaults(schema, { kind: null })).toEqual([]);
  });

  it("is said at the member that is wrong", () => {
    const pointers = (value: unknown) => schemaFaults(schema, value).map(({ pointer }) => pointer);
    expect(pointers({ inner: { size: "large" } })).toEqual(["/inner/size"]);
    expect(pointers({ kind: "c" })).toEqual(["/kind"]);
  });

  it("names a member that does not exist", () => {
    expect(schemaFaults(schema, { inner: { sise: 1 } })).toEqual([
      { pointer: "/inner/sise", message: "There is no member sise." },
    ]);
  });
});
