/** An event of a stream (HTML standard, section 9.2). */
export interface ServerEvent {
  event: string;
  /** None where only the place in the stream is told. */
  data: string | undefined;
  /** The last that was given, by this event or one before. */
  id: string | undefined;
}

/**
 * The events of an answer, as they come.
 *
 * The browser's own EventSource tells neither why it was refused nor lets a page go on where another stream ended.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = eventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser(value);
    }
  } finally {
    // Whoever stops listening needs no word of how the connection went.
    void reader.cancel().catch(() => undefined);
  }
}

/** Takes the stream in pieces of any length; answers the events that are complete. */
export function eventParser(): (piece: string) => ServerEvent[] {
  let rest = "";
  let id: string | undefined;
  return (piece) => {
    const blocks = (rest + piece).replace(/\r\n/g, "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => {
      const fields = fieldsOf(block);
      const place = fields.get("id")?.at(-1);
      id = place ?? id;
      const data = fields.get("data")?.join("\n");
      if (data === undefined && place === undefined) return [];
      return [{ event: fields.get("event")?.at(-1) ?? "message", data, id }];
    });
  };
}

function fieldsOf(block: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const line of block.split("\n")) {
    const [, name, value] = /^([^:]+):? ?(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields.set(name, [...(fields.get(name) ?? []), value]);
  }
  return fields;
}
