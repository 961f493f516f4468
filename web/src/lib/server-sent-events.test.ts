import { describe, expect, it } from "vitest";
import { eventParser, readEvents } from "./server-sent-events";

describe("eventParser", () => {
  it("reads events, and remembers the last id", () => {
    const parse = eventParser();
    expect(parse('id: 7\nevent: execution\ndata: {"a":1}\n\nevent: gap\ndata: {}\n\n')).toEqual([
      { event: "execution", data: '{"a":1}', id: "7" },
      { event: "gap", data: "{}", id: "7" },
    ]);
  });

  it("tells where a quiet stream is by now", () => {
    const parse = eventParser();
    expect(parse("id: 8\n: still here\n\n")).toEqual([{ event: "message", data: undefined, id: "8" }]);
  });

  it("waits for the rest of an event that came in pieces", () => {
    const parse = eventParser();
    expect(parse("data: on")).toEqual([]);
    expect(parse("e\n")).toEqual([]);
    expect(parse("\ndata: two\n\n").map(({ data }) => data)).toEqual(["one", "two"]);
  });

  it("passes over comments and what has no data, joins lines, and takes either line end", () => {
    const parse = eventParser();
    expect(parse(": still here\n\nretry: 2000\n\n")).toEqual([]);
    expect(parse("data: a\r\ndata:b\r\n\r\n")).toEqual([{ event: "message", data: "a\nb", id: undefined }]);
  });
});

it("reads a body as it comes, and ends with it", async () => {
  const pieces = ["data: ä", "\n\ndata: two\n", "\n"].map((text) => new TextEncoder().encode(text));
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else controller.close();
    },
  });
  const found: string[] = [];
  for await (const { data } of readEvents(body)) found.push(data ?? "");
  expect(found).toEqual(["ä", "two"]);
});
