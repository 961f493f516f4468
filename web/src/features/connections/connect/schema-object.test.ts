import { expect, test } from "vitest";
import { flatSchema, valuesOf } from "./schema-object";

const SCHEMA = {
  type: "object",
  properties: {
    token: { type: "string", title: "Token", writeOnly: true, format: "password" },
    expires_in: { type: "integer", title: "Lifetime" },
    region: { type: "string", enum: ["eu", "us"], default: "eu" },
  },
  required: ["token"],
};

test("a form knows what to hide, what to offer and what is needed", () => {
  const { properties, required } = flatSchema(SCHEMA);
  const [token, , region] = properties.map(([, member]) => member);
  expect(token).toMatchObject({ title: "Token", secret: true });
  expect(region).toMatchObject({ title: "region", secret: false, choices: ["eu", "us"], preset: "eu" });
  expect([...required]).toEqual(["token"]);
});

test("what is sent has the schema's types, and nothing empty", () => {
  const schema = flatSchema(SCHEMA);
  expect(valuesOf(schema, { token: " t ", expires_in: "3600" })).toEqual({
    token: " t ",
    expires_in: 3600,
    region: "eu",
  });
  expect(valuesOf(schema, { token: "t", expires_in: "soon", region: "us" }).expires_in).toBe("soon");
  expect(valuesOf(flatSchema(null), { token: "t" })).toEqual({});
});
