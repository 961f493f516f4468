import { fetchWithSession, type Problem, problemOf } from "@/api";
import { parseJson } from "@/lib/json";
import type { JsonObject } from "../json-value";
import { blobOf, type Split, splitFiles } from "./file-parts";

/** What is to be run. */
export interface Asked {
  workspaceId: string;
  connectionId: string;
  action: string;
  parameters: JsonObject;
  options: Options;
}

export interface Options {
  timeoutMs?: number;
  maxPages?: number;
  idempotencyKey?: string;
  /** The service's bytes as they come, as a file. */
  raw?: boolean;
}

export interface Meta {
  attempts?: number;
  refreshed?: boolean;
  pages?: number;
  truncated?: boolean;
  next?: JsonObject;
  rate_limit?: { limit?: number; remaining?: number; reset_seconds?: number };
}

export interface Success {
  execution_id: string;
  status_code: number;
  data: unknown;
  duration_ms: number;
  meta: Meta;
}

/** What came of a run. Times in milliseconds; `took` is from the browser and back. */
export type Answered = { took: number; executionId?: string } & (
  | { kind: "success"; success: Success }
  | { kind: "file"; blob: Blob; filename: string }
  | { kind: "problem"; problem: Problem }
);

export const PATH = "/api/v2/execute";

/** The body of the request as JSON, files and all that is not set left out. */
export function bodyOf(
  { workspaceId, connectionId, action, options }: Asked,
  { parameters }: Split,
): JsonObject {
  return {
    workspace_id: workspaceId,
    connection_id: connectionId,
    action,
    parameters,
    ...(options.timeoutMs !== undefined && { timeout_ms: options.timeoutMs }),
    ...(options.maxPages !== undefined && { paginate: { max_pages: options.maxPages } }),
  };
}

/** Runs it. Whatever happens is an answer; only an abort is thrown. */
export async function run(asked: Asked, signal: AbortSignal): Promise<Answered> {
  const began = performance.now();
  const took = () => performance.now() - began;
  try {
    const response = await fetchWithSession(PATH, requestFor(asked, signal));
    if (!response.ok) {
      const problem = problemOf(await response.json().catch(() => undefined), response);
      return { kind: "problem", problem, took: took(), executionId: problem.execution_id };
    }
    if (asked.options.raw) {
      const blob = await response.blob();
      const executionId = response.headers.get("X-Execution-Id") ?? undefined;
      return { kind: "file", blob, filename: filenameOf(response), took: took(), executionId };
    }
    const success = parseJson(await response.text()) as Success;
    return { kind: "success", success, took: took(), executionId: success.execution_id };
  } catch (error) {
    if (signal.aborted) throw error;
    return { kind: "problem", problem: problemOf(error), took: took() };
  }
}

function requestFor(asked: Asked, signal: AbortSignal): RequestInit {
  const split = splitFiles(asked.parameters);
  const json = JSON.stringify(bodyOf(asked, split));
  const { idempotencyKey, raw } = asked.options;
  const headers = {
    ...(idempotencyKey && { "Idempotency-Key": idempotencyKey }),
    ...(raw && { Accept: "application/octet-stream" }),
  };
  if (split.files.length === 0)
    return {
      method: "POST",
      body: json,
      headers: { ...headers, "Content-Type": "application/json" },
      signal,
    };
  const form = new FormData();
  // The gateway wants the JSON first.
  form.append("request", new Blob([json], { type: "application/json" }));
  for (const file of split.files) form.append(file.name, blobOf(file), file.filename);
  return { method: "POST", body: form, headers, signal };
}

function filenameOf(response: Response): string {
  const disposition = response.headers.get("Content-Disposition") ?? "";
  const extended = /filename\*=UTF-8''([^;]+)/.exec(disposition)?.[1];
  if (extended) return decodeURIComponent(extended);
  return /filename="([^"]+)"/.exec(disposition)?.[1] ?? "response.bin";
}
