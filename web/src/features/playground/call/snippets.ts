import { parseJson } from "@/lib/json";
import { isObject, jsonOf } from "../json-value";
import { type Asked, bodyOf, PATH } from "../request/execution";
import { type FilePart, splitFiles } from "../request/file-parts";

/** The same call from a program; the key comes from its environment. `origin`: where the gateway is. */
interface Call {
  url: string;
  body: string;
  files: FilePart[];
  headers: [name: string, value: string][];
}

const KEY = "PORTWAY_API_KEY";

function callOf(asked: Asked, origin: string): Call {
  const split = splitFiles(asked.parameters);
  const { idempotencyKey, raw } = asked.options;
  const headers: [string, string][] = [];
  if (split.files.length === 0) headers.push(["Content-Type", "application/json"]);
  if (raw) headers.push(["Accept", "application/octet-stream"]);
  if (idempotencyKey) headers.push(["Idempotency-Key", idempotencyKey]);
  return { url: `${origin}${PATH}`, body: jsonOf(bodyOf(asked, split)), files: split.files, headers };
}

/** For a POSIX shell, where files lie in the directory that it runs in. */
export function curlOf(asked: Asked, origin: string): string {
  const { url, body, files, headers } = callOf(asked, origin);
  const options = [
    `--header "Authorization: Bearer $${KEY}"`,
    ...headers.map(([name, value]) => `--header ${quoted(`${name}: ${value}`)}`),
    ...(files.length === 0 ? [`--data-raw ${quoted(body)}`] : formOf(body, files)),
    ...(asked.options.raw ? ["--remote-header-name --remote-name"] : []),
  ];
  return [`curl ${quoted(url)} --fail-with-body`, ...options].join(" \\\n  ");
}

function formOf(body: string, files: FilePart[]): string[] {
  const parts = files.map(({ name, filename, contentType }) => {
    return `--form ${quoted(`${name}=@${inForm(filename)};type=${contentType}`)}`;
  });
  return [`--form ${quoted(`request=${inForm(body)};type=application/json`)}`, ...parts];
}

/** Within double quotes curl takes commas and semicolons as they are. */
function inForm(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

export function pythonOf(asked: Asked, origin: string): string {
  const { url, body, files, headers } = callOf(asked, origin);
  const own = headers.filter(([name]) => name !== "Content-Type");
  return [
    ...(files.length > 0 ? ["import json"] : []),
    "import os",
    "",
    "import requests",
    "",
    `body = ${pythonLiteral(parseJson(body))}`,
    "response = requests.post(",
    `    ${JSON.stringify(url)},`,
    "    headers={",
    `        "Authorization": f"Bearer {os.environ['${KEY}']}",`,
    ...own.map(([name, value]) => `        ${JSON.stringify(name)}: ${JSON.stringify(value)},`),
    "    },",
    ...(files.length > 0 ? pythonFiles(files) : ["    json=body,"]),
    ")",
    "response.raise_for_status()",
    asked.options.raw ? "data = response.content" : 'data = response.json()["data"]',
  ].join("\n");
}

function pythonFiles(files: FilePart[]): string[] {
  const parts = files.map(({ name, filename, contentType }) => {
    const [part, file, type] = [name, filename, contentType].map((text) => JSON.stringify(text));
    return `        ${part}: (${file}, open(${file}, "rb"), ${type}),`;
  });
  return [
    "    files={",
    '        "request": (None, json.dumps(body), "application/json"),',
    ...parts,
    "    },",
  ];
}

const WORDS = new Map<unknown, string>([
  [true, "True"],
  [false, "False"],
  [null, "None"],
]);

/** A JSON value as Python writes it. */
function pythonLiteral(value: unknown, indent = ""): string {
  const inner = `${indent}    `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((item) => `${inner}${pythonLiteral(item, inner)},\n`).join("")}${indent}]`;
  }
  if (isObject(value)) {
    const members = Object.entries(value);
    if (members.length === 0) return "{}";
    const lines = members.map(
      ([name, member]) => `${inner}${JSON.stringify(name)}: ${pythonLiteral(member, inner)},\n`,
    );
    return `{\n${lines.join("")}${indent}}`;
  }
  return WORDS.get(value) ?? JSON.stringify(value);
}

export function typescriptOf(asked: Asked, origin: string): string {
  const { url, body, files, headers } = callOf(asked, origin);
  const withFiles = files.length > 0;
  return [
    ...(withFiles ? ['import { openAsBlob } from "node:fs";', ""] : []),
    `const body = ${body};`,
    "",
    ...(withFiles ? formLines(files) : []),
    `const response = await fetch(${JSON.stringify(url)}, {`,
    '  method: "POST",',
    "  headers: {",
    `    Authorization: \`Bearer \${process.env.${KEY}}\`,`,
    ...headers.map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`),
    "  },",
    withFiles ? "  body: form," : "  body: JSON.stringify(body),",
    "});",
    "if (!response.ok) throw new Error(await response.text());",
    asked.options.raw ? "const data = await response.blob();" : "const { data } = await response.json();",
  ].join("\n");
}

function formLines(files: FilePart[]): string[] {
  return [
    "const form = new FormData();",
    'form.append("request", new Blob([JSON.stringify(body)], { type: "application/json" }));',
    ...files.map(({ name, filename, contentType }) => {
      const file = JSON.stringify(filename);
      return `form.append(${JSON.stringify(name)}, await openAsBlob(${file}, { type: ${JSON.stringify(contentType)} }), ${file});`;
    }),
    "",
  ];
}
