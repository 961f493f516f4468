import { describe, expect, test } from "vitest";
import { holdsLongInteger, isLongInteger, parseJson } from "./json";

const LONG = '{"id":1234567890123456789,"ids":[-9007199254740993],"n":12,"x":1.5}';

describe("integers that a double cannot hold", () => {
  test("are written as they were read", () => {
    expect(JSON.stringify(parseJson('{"id":1234567890123456789,"ids":[-9007199254740993],"n":12}'))).toBe(
      '{"id":1234567890123456789,"ids":[-9007199254740993],"n":12}',
    );
  });

  test("are told from others", () => {
    const read = parseJson(LONG) as Record<string, unknown>;
    expect(isLongInteger(read.id)).toBe(true);
    expect([read.n, read.x, isLongInteger(read.n), isLongInteger(read.x)]).toEqual([12, 1.5, false, false]);
    expect(holdsLongInteger({ deep: [{ id: read.id }] })).toBe(true);
    expect(holdsLongInteger({ deep: [{ id: 9007199254740991, text: "9007199254740993", none: null }] })).toBe(
      false,
    );
  });
});

test("what is no JSON is none", () => {
  expect(() => parseJson('{"a":')).toThrow(SyntaxError);
});
