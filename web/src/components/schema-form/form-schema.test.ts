import { describe, expect, it } from "vitest";
import { formSchemaOf, labelOf, uiSchemaOf } from "./form-schema";

describe("the schema that a form shows", () => {
  it("has no alternatives that are about which members are there", () => {
    const schema = formSchemaOf({
      type: "object",
      properties: { a: { type: "string" }, b: { type: "string" } },
      anyOf: [{ required: ["a"] }, { required: ["b"] }],
    });

    expect(schema.anyOf).toBeUndefined();
  });

  it("keeps alternatives of different forms", () => {
    const branches = [
      { type: "string" as const },
      { type: "object" as const, properties: { id: { type: "string" as const } } },
    ];

    expect(formSchemaOf({ oneOf: branches }).oneOf).toHaveLength(2);
  });

  it("has one type, and not null", () => {
    const schema = formSchemaOf({
      type: "object",
      properties: {
        a: { type: ["null", "integer"] },
        b: { type: ["array", "string"], items: { type: "string" } },
      },
    });

    expect(schema.properties).toMatchObject({ a: { type: "integer" }, b: { type: "array" } });
  });

  it("leaves the original as it is", () => {
    const original = {
      type: "object" as const,
      not: { required: ["a"] },
      properties: { a: { type: ["string", "null"] as ["string", "null"] } },
    };
    const before = structuredClone(original);

    formSchemaOf(original);

    expect(original).toEqual(before);
  });
});

describe("fields of their own", () => {
  const file = {
    type: "object",
    properties: { filename: { type: "string" }, base64: { type: "string" } },
  } as const;

  it.each([
    ["a file", file, { "ui:field": "file" }],
    ["a content in base64", { type: "string", contentEncoding: "base64" }, { "ui:widget": "base64" }],
    ["a list of texts", { type: "array", items: { type: "string" } }, { "ui:field": "texts" }],
    ["anything", { description: "What you like" }, { "ui:field": "json" }],
    ["an object without members", { type: "object" }, { "ui:field": "json" }],
    ["a list of anything", { type: "array", items: { type: "object" } }, { "ui:field": "json" }],
    [
      "a few words, several of them",
      { type: "array", uniqueItems: true, items: { enum: ["a", "b"] } },
      { "ui:widget": "checkboxes" },
    ],
    ["a plain text", { type: "string" }, {}],
  ])("%s", (_, schema, expected) => {
    const ui = uiSchemaOf({ type: "object", properties: { x: schema as object } });

    expect(ui.x).toMatchObject(expected);
  });

  it("are found behind a reference, and in a list", () => {
    const ui = uiSchemaOf({
      type: "object",
      $defs: { file },
      properties: { attachments: { type: "array", items: { $ref: "#/$defs/file" } } },
    });

    expect(ui.attachments.items).toEqual({ "ui:field": "file" });
  });

  it("end where a schema contains itself", () => {
    const schema = {
      type: "object" as const,
      properties: { child: { $ref: "#/$defs/node" } },
      $defs: { node: { type: "object" as const, properties: { child: { $ref: "#/$defs/node" } } } },
    };

    expect(JSON.stringify(uiSchemaOf(schema))).toContain('"ui:field":"json"');
  });

  it("give long texts room by their names", () => {
    const ui = uiSchemaOf({
      type: "object",
      properties: { body: { type: "string" }, name: { type: "string" } },
    });

    expect(ui.body).toEqual({ "ui:widget": "textarea" });
    expect(ui.name).toEqual({});
  });
});

describe("a parameter's name in words", () => {
  it.each([
    ["max_results", "Max results"],
    ["maxResults", "Max results"],
    ["base_id", "Base ID"],
    ["html", "HTML"],
    ["$filter", "Filter"],
  ])("%s", (name, label) => {
    expect(labelOf(name)).toBe(label);
  });
});
