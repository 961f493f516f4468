import { describe, expect, test } from "vitest";
import { blobOf, shortenFiles, splitFiles } from "./file-parts";

const FILE = { filename: "a.txt", content_type: "text/plain", base64: "SGVsbG8=" };

describe("files beside the JSON", () => {
  test("a member is left out, an item's place is kept", () => {
    const { parameters, files } = splitFiles({ one: FILE, list: ["a", FILE], deep: { "a/b": FILE } });
    expect(parameters).toEqual({ list: ["a", null], deep: {} });
    expect(files.map(({ name }) => name)).toEqual(["/one", "/list/1", "/deep/a~1b"]);
  });

  test("what says more than a part could stays in the JSON", () => {
    const inline = { ...FILE, content_id: "logo" };
    const broken = { ...FILE, base64: "no base64!" };
    const nameless = { base64: FILE.base64 };
    const given = { inline, broken, nameless, nothing: null, empty: [] };
    expect(splitFiles(given)).toEqual({ parameters: given, files: [] });
  });

  test("the bytes are those of the file", async () => {
    expect(await blobOf({ base64: FILE.base64, contentType: "text/plain" }).text()).toBe("Hello");
  });
});

test("a preview gets the beginning of a long file alone", () => {
  const long = "QUJD".repeat(1000);
  const { parameters, cut } = shortenFiles({ text: long, file: { ...FILE, base64: long } });
  expect(cut).toBe(true);
  expect(parameters.text).toBe(long);
  expect((parameters.file as typeof FILE).base64).toHaveLength(1200);
  expect(shortenFiles({ file: FILE }).cut).toBe(false);
});
