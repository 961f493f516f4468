import { expect, test } from "vitest";
import type { ActionOutput } from "@/api";
import { playgroundSchema } from "./form-schema";

function action(part: Partial<ActionOutput>): ActionOutput {
  return { request_schema: {}, transform_config: {}, examples: [], ...part } as ActionOutput;
}

test("what is needed comes first, then what the examples use", () => {
  const properties = { a: {}, b: {}, c: {}, d: {} };
  const schema = playgroundSchema(
    action({ request_schema: { type: "object", required: ["c"], properties }, examples: [{ b: 1 }] }),
  );
  expect(Object.keys(schema.properties as object)).toEqual(["c", "b", "a", "d"]);
});

test("what the request sends as a file is one, unless its schema says what it is", () => {
  const schema = playgroundSchema(
    action({
      request_schema: { properties: { open: { description: "The file." }, text: { type: "string" } } },
      transform_config: { body: { encoding: "multipart", files: ["open", "text", "unnamed"] } },
    }),
  );
  const properties = schema.properties as Record<string, { type?: string; description?: string }>;
  expect(properties.open).toMatchObject({ type: "object", description: "The file." });
  expect(properties.text).toEqual({ type: "string" });
  expect(properties.unnamed?.type).toBe("object");
});
