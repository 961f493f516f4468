import type { RJSFSchema } from "@rjsf/utils";
import { describe, expect, it } from "vitest";
import { createFormValidator } from "./validator";

const schema: RJSFSchema = {
  type: "object",
  additionalProperties: false,
  required: ["to"],
  $defs: { address: { type: "string", format: "email" } },
  properties: {
    to: { type: "array", minItems: 1, items: { $ref: "#/$defs/address" } },
    size: { type: "integer", minimum: 1 },
    kind: { enum: ["a", "b"] },
    "a/b": { type: "string", maxLength: 2 },
  },
};

function faults(data: unknown, of: RJSFSchema = schema) {
  const { errors } = createFormValidator(of).validateFormData(data, of);
  return Object.fromEntries(errors.map(({ property, message }) => [property, message]));
}

describe("validation without compiled code", () => {
  it("finds nothing wrong with what fits", () => {
    expect(faults({ to: ["ada@example.com"], size: 1, kind: "a" })).toEqual({});
  });

  it("tells of a number that was rounded, wherever it is", () => {
    const message = "It has more digits than this field can keep; write it in JSON.";
    expect(faults({ to: ["ada@example.com"], size: 2 ** 53 })).toEqual({ ".size": message });
    const deep = [{ id: -(2 ** 60) }, 2 ** 53 - 1, 1e300, 0.1];
    expect(faults({ deep }, { type: "object" })).toEqual({ ".deep.0.id": message });
  });

  it("tells what is missing at its own place", () => {
    expect(faults({})).toEqual({ ".to": "This is needed." });
  });

  it("tells each fault where it is, through references and lists, and says it once", () => {
    expect(faults({ to: ["nobody"], size: 0, kind: "c" })).toEqual({
      ".to.0": "Not a valid email.",
      ".size": "0 is less than 1.",
      ".kind": "Choose one of the given values.",
    });
  });

  it("sees what is sent: members that are undefined are not", () => {
    expect(faults({ to: ["ada@example.com"], size: undefined, unknown: undefined })).toEqual({});
    expect(Object.keys(faults({ to: [undefined] }))).toEqual([".to"]);
  });

  it("reads names that a pointer has to escape", () => {
    expect(faults({ to: ["ada@example.com"], "a/b": "long" })).toEqual({ ".a/b": "Too long." });
  });

  it("checks the whole against the original, not what the form shows", () => {
    const original: RJSFSchema = {
      type: "object",
      properties: {},
      anyOf: [{ required: ["a"] }, { required: ["b"] }],
    };

    const found = createFormValidator(original).validateFormData({}, { type: "object" }).errors;

    expect(found.map(({ name }) => name)).toEqual(["anyOf"]);
  });

  it("knows which of several forms a part fits, by the root's definitions, and leaves the schemas as they are", () => {
    const part: RJSFSchema = { $ref: "#/$defs/address" };
    const before = structuredClone([part, schema]);
    const validator = createFormValidator(schema);

    expect(validator.isValid(part, "ada@example.com", schema)).toBe(true);
    expect(validator.isValid(part, "nobody", schema)).toBe(false);
    expect([part, schema]).toEqual(before);
  });
});
