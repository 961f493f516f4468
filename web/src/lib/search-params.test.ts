import { describe, expect, it } from "vitest";
import { many, manyOf, one, oneOf, parseSearch, stringifySearch, wholeNumber } from "./search-params";

describe("a page's address", () => {
  it("repeats a parameter for each value of a list", () => {
    const search = { status: ["error", "refused"], integration: "gmail" };

    expect(stringifySearch(search)).toBe("?status=error&status=refused&integration=gmail");
    expect(parseSearch("?status=error&status=refused&integration=gmail")).toEqual(search);
  });

  it("has nothing of what is not set", () => {
    expect(stringifySearch({ status: undefined, query: "", cursor: null, list: [] })).toBe("");
    expect(stringifySearch({ status_code: 0 })).toBe("?status_code=0");
  });

  it("keeps what is special in an address", () => {
    const search = { query: "a&b=c ü#/?%" };

    expect(parseSearch(stringifySearch(search))).toEqual(search);
  });
});

describe("reading it", () => {
  it("takes the last of several values, and none for an empty one", () => {
    expect(one(["a", "b"])).toBe("b");
    expect(one("")).toBeUndefined();
    expect(one(7)).toBeUndefined();
  });

  it("makes one value a list", () => {
    expect(many("a")).toEqual(["a"]);
    expect(many(undefined)).toBeUndefined();
  });

  it("knows only the words that are allowed", () => {
    expect(oneOf("day", ["hour", "day"])).toBe("day");
    expect(oneOf("week", ["hour", "day"])).toBeUndefined();
    expect(manyOf(["error", "nonsense"], ["success", "error"])).toEqual(["error"]);
    expect(manyOf("nonsense", ["success"])).toBeUndefined();
  });

  it("knows whole numbers", () => {
    expect(wholeNumber("404")).toBe(404);
    for (const text of ["-1", "1.5", "1e3", "x", ""]) expect(wholeNumber(text)).toBeUndefined();
  });
});
