import { describe, expect, it } from "vitest";
import { conditionsOf, filtersOf, isFiltered, NO_FILTERS } from "./filters";
import { activeDimensions, changeTo, valuesOf } from "./values";

const ID = "01a21426-cf65-74fb-ada3-726fee007902";

describe("filtersOf", () => {
  it("reads an address, and leaves out what the gateway would refuse", () => {
    expect(
      filtersOf({ status: ["error", "gone"], status_code: "503", connection_id: ID.toUpperCase() }),
    ).toMatchObject({ status: ["error"], status_code: 503, connection_id: ID });
    expect(isFiltered(filtersOf({ status: "gone", status_code: "42", user_id: "me", from: "then" }))).toBe(
      false,
    );
  });

  it("reads what it has read the same way", () => {
    const filters = filtersOf({ status: "error", status_code: "503", range: "7d", q: "abc" });
    expect(filtersOf(filters)).toEqual(filters);
  });

  it("is undone by a change of the address", () => {
    expect(
      isFiltered(filtersOf({ ...filtersOf({ status: "error", range: "7d", q: "a" }), ...NO_FILTERS })),
    ).toBe(false);
  });
});

it("asks for a workspace's executions, of a time that ends now without an end", () => {
  const now = new Date(2026, 2, 18, 14, 37);
  const { to, ...asked } = conditionsOf(filtersOf({ range: "1h", status: "error" }), ID, now);
  expect(to).toBeUndefined();
  expect(asked).toMatchObject({
    workspace_id: ID,
    from: new Date(2026, 2, 18, 13, 37).toISOString(),
    status: ["error"],
  });
});

describe("values", () => {
  it("tells an action apart by its integration, both ways", () => {
    const filters = filtersOf({ integration: "gmail", action: "send-email" });
    expect(valuesOf(filters, "action")).toEqual(["gmail/send-email"]);
    expect(changeTo("action", ["gmail/send-email"])).toEqual({ integration: "gmail", action: "send-email" });
    expect(changeTo("action", ["send-email"])).toEqual({ action: "send-email" });
    expect(changeTo("action", [])).toEqual({ action: undefined });
  });

  it("keeps several statuses, and one of everything else", () => {
    expect(changeTo("status", ["error", "refused"])).toEqual({ status: ["error", "refused"] });
    expect(changeTo("status", [])).toEqual({ status: undefined });
    expect(changeTo("user_id", [ID, "another"])).toEqual({ user_id: ID });
  });

  it("lists what is set in one order", () => {
    expect(activeDimensions(filtersOf({ error_code: "x", status: "error", range: "7d", q: "a" }))).toEqual([
      "status",
      "error_code",
    ]);
  });
});
