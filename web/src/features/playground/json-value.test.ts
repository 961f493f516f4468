import { describe, expect, it } from "vitest";
import { withoutSecrets } from "./json-value";

describe("what may stand in an address", () => {
  it("is all but what the schema calls secret", () => {
    const schema = {
      properties: {
        user: { type: "string" },
        pin: { type: "string", writeOnly: true },
        password: { type: "string", format: "password" },
      },
    };
    const parameters = { user: "ada", pin: "1815", password: "lovelace", constructor: "more" };
    expect(withoutSecrets(parameters, schema)).toEqual({ user: "ada", constructor: "more" });
  });

  it("is nothing that has a secret within, or refers to what may have one", () => {
    const secret = { type: "string", writeOnly: true };
    const schema = {
      $defs: { login: { properties: { secret } } },
      properties: {
        inner: { properties: { secret } },
        each: { items: { anyOf: [{ type: "number" }, secret] } },
        referring: { $ref: "#/$defs/login" },
        title: { type: "string" },
      },
    };
    const parameters = { inner: { secret: "a" }, each: ["b"], referring: { secret: "c" }, title: "d" };
    expect(withoutSecrets(parameters, schema)).toEqual({ title: "d" });
    expect(withoutSecrets(parameters, { allOf: [schema] })).toEqual({});
  });

  it("is all where nothing is secret", () => {
    const schema = { $defs: { a: { type: "string" } }, properties: { a: { $ref: "#/$defs/a" } } };
    expect(withoutSecrets({ a: "b" }, schema)).toEqual({ a: "b" });
  });
});
