import { parseJson } from "@/lib/json";
import { isObject, type JsonObject, token } from "../json-value";

/** A file that is sent beside the JSON. `name` is that of its part: a pointer to its place in the parameters. */
export interface FilePart {
  name: string;
  filename: string;
  contentType: string;
  base64: string;
}

export interface Split {
  /** Without the files; a null holds the place of one in a list. */
  parameters: JsonObject;
  files: FilePart[];
}

/** Takes the files out of the parameters, so that they need not be sent as base64. */
export function splitFiles(parameters: JsonObject): Split {
  const files: FilePart[] = [];
  return { parameters: withoutFiles(parameters, "", files) as JsonObject, files };
}

function withoutFiles(value: unknown, pointer: string, files: FilePart[]): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => taken(item, `${pointer}/${index}`, files) ?? null);
  }
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(
    ([name, member]) => [name, taken(member, `${pointer}/${token(name)}`, files)] as const,
  );
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}

function taken(value: unknown, pointer: string, files: FilePart[]): unknown {
  const part = filePartOf(value, pointer);
  if (!part) return withoutFiles(value, pointer, files);
  files.push(part);
  return undefined;
}

const OF_FILES = new Set(["filename", "content_type", "base64", "content_base64", "size"]);

/** A file with more to it than name, type and content has to stay in the JSON: a part could not say that. */
function filePartOf(value: unknown, pointer: string): FilePart | undefined {
  if (!isObject(value) || Object.keys(value).some((name) => !OF_FILES.has(name))) return undefined;
  const base64 = value.base64 ?? value.content_base64;
  const { filename, content_type } = value;
  if (typeof base64 !== "string" || typeof filename !== "string") return undefined;
  const contentType = typeof content_type === "string" ? content_type : "application/octet-stream";
  return isBase64(base64) ? { name: pointer, filename, contentType, base64 } : undefined;
}

/** What is broken is left to the gateway, which says so. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}

export function blobOf({ base64, contentType }: Pick<FilePart, "base64" | "contentType">): Blob {
  const text = atob(base64);
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: contentType });
}

const LONG = 1200;

/** With files cut to their beginning, for a preview; and whether any was. */
export function shortenFiles(parameters: JsonObject): { parameters: JsonObject; cut: boolean } {
  let cut = false;
  const text = JSON.stringify(parameters, (name, value: unknown) => {
    const isContent = typeof value === "string" && /base64|content/i.test(name);
    if (!isContent || value.length <= LONG || !isBase64(value)) return value;
    cut = true;
    return value.slice(0, LONG);
  });
  return { parameters: parseJson(text) as JsonObject, cut };
}
