import { expect, test } from "vitest";
import { type Fault, Problem } from "@/api";
import { isElsewhere } from "./faults";

const SHOWN = ["/email", "/config/site"];

test.each<[boolean, string[]]>([
  [false, ["/email"]],
  [false, ["/email", "/config/site"]],
  [false, ["/config/site/0"]],
  [true, []],
  [true, ["/invitation_token"]],
  [true, ["/email", "/invitation_token"]],
  [true, ["/emails"]],
  [true, ["/config"]],
])("it is %s that %j are said apart from the fields", (apart, pointers) => {
  const errors: Fault[] = pointers.map((pointer) => ({ pointer, message: "will not do" }));
  const problem = new Problem({
    type: "about:blank",
    title: "Malformed",
    status: 400,
    code: "malformed",
    detail: "It will not do.",
    errors,
  });
  expect(isElsewhere(problem, SHOWN)).toBe(apart);
});
