import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { Asked } from "../request/execution";
import { curlOf, pythonOf, typescriptOf } from "./snippets";

const TEXT = `It's "quoted", costs $5; \`ls\` & \\ %s ü`;
const FILE = { filename: 'a "b".txt', content_type: "text/plain", base64: "SGVsbG8=" };

function asked(parameters: Record<string, unknown>, options: Asked["options"] = {}): Asked {
  return { workspaceId: "w", connectionId: "c", action: "act", parameters, options };
}

/** What a program would be given: the shell's own reading of the command. */
function argumentsOf(command: string): string[] {
  const script = `curl() { for each in "$@"; do printf '%s\\0' "$each"; done; }; ${command}`;
  const env = { PATH: process.env.PATH, PORTWAY_API_KEY: "pw_key" };
  return execFileSync("sh", ["-c", script], { encoding: "utf8", env }).split("\0").slice(0, -1);
}

describe("curl", () => {
  test("a shell hands on every character, and the key of the environment", () => {
    const given = argumentsOf(curlOf(asked({ text: TEXT }), "https://portway.example"));
    expect(given[0]).toBe("https://portway.example/api/v2/execute");
    expect(given).toContain("Authorization: Bearer pw_key");
    expect(JSON.parse(given[given.indexOf("--data-raw") + 1] ?? "").parameters).toEqual({ text: TEXT });
  });

  test("files go beside the JSON, which has a null in their place of a list", () => {
    const given = argumentsOf(curlOf(asked({ files: [FILE], file: FILE }), "https://portway.example"));
    const forms = given.filter((_, index) => given[index - 1] === "--form");
    expect(forms[0]).toContain('\\"files\\": [\\n'.replaceAll("\\n", "\n"));
    expect(forms.slice(1)).toEqual([
      '/files/0=@"a \\"b\\".txt";type=text/plain',
      '/file=@"a \\"b\\".txt";type=text/plain',
    ]);
    expect(given.join(" ")).not.toContain("SGVsbG8");
  });

  test("options are headers and members", () => {
    const options = { timeoutMs: 5000, maxPages: 3, idempotencyKey: "once", raw: true };
    const given = argumentsOf(curlOf(asked({}, options), "https://portway.example"));
    expect(given).toContain("Idempotency-Key: once");
    expect(given).toContain("Accept: application/octet-stream");
    expect(JSON.parse(given[given.indexOf("--data-raw") + 1] ?? "")).toMatchObject({
      timeout_ms: 5000,
      paginate: { max_pages: 3 },
    });
  });
});

test("Python has its own words for JSON's", () => {
  const code = pythonOf(
    asked({ yes: true, no: false, none: null, list: [], text: TEXT }),
    "https://p.example",
  );
  expect(code).toContain('"yes": True,');
  expect(code).toContain('"no": False,');
  expect(code).toContain('"none": None,');
  expect(code).toContain('"list": [],');
  expect(code).toContain(`"text": ${JSON.stringify(TEXT)},`);
  expect(code).toContain("os.environ['PORTWAY_API_KEY']");
});

test("TypeScript reads files where it runs", () => {
  const code = typescriptOf(asked({ file: FILE }), "https://p.example");
  expect(code).toContain('form.append("/file", await openAsBlob("a \\"b\\".txt", { type: "text/plain" })');
  expect(code).not.toContain("SGVsbG8");
});
