import { expect, it } from "vitest";
import { cleanValue } from "./clean-value";
import { errorSchemaOf } from "./server-errors";

it("puts what the gateway refused at the form's fields", () => {
  const faults = [
    { pointer: "/parameters/to/0", message: "Not an address." },
    { pointer: "/parameters/a~1b", message: "Too long." },
    { pointer: "/workspace_id", message: "Another's." },
  ];

  expect(errorSchemaOf(faults, "/parameters")).toEqual({
    to: { 0: { __errors: ["Not an address."] } },
    "a/b": { __errors: ["Too long."] },
  });
});

it("sends only what was entered", () => {
  expect(
    cleanValue({ a: undefined, b: [null, "x", undefined], c: { d: undefined, e: 0 }, f: false }),
  ).toEqual({
    b: ["x"],
    c: { e: 0 },
    f: false,
  });
});
