import { describe, expect, it } from "vitest";
import type { ImportOutput } from "@/api";
import { choicesOf, includeOf, searched } from "./choices";

function action(operation: string, slug: string) {
  const [http_method = "", endpoint_path = ""] = operation.split(" ");
  return { operation, slug, name: slug.replace("-", " "), description: "", http_method, endpoint_path };
}

const report = {
  added: [action("GET /orders", "list-orders"), action("POST /orders", "create-order")],
  changed: [{ ...action("GET /files/*", "find-files"), members: ["request_schema"] }],
  unchanged: [action("DELETE /orders/{id}", "delete-order")],
} as unknown as ImportOutput;
const all = choicesOf(report);

describe("choosing actions of a document", () => {
  it("has new ones before changed ones before the rest", () => {
    expect(all.map(({ state }) => state)).toEqual(["new", "new", "changed", "same"]);
    expect(all[2]?.members).toEqual(["request_schema"]);
  });
  it("finds by words of the operation and of the name", () => {
    expect(searched(all, "post order").map(({ slug }) => slug)).toEqual(["create-order"]);
    expect(searched(all, "").length).toBe(4);
  });
  it("includes nothing in particular where all are chosen", () => {
    expect(includeOf(all, new Set())).toEqual([]);
  });
  it("names operations, so that no other is meant", () => {
    const left = new Set(["GET /orders", "POST /orders"]);
    expect(includeOf(all, left)).toEqual(["GET /files/[*]", "DELETE /orders/{id}"]);
  });
});
