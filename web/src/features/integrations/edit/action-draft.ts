import type { ActionChangesInput, ActionOutput, NewActionInput } from "@/api";
import { readObject, writeObject } from "./json-text";

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;

/** An action as it is being written: everything as it was typed. */
export interface ActionDraft {
  slug: string;
  name: string;
  http_method: NonNullable<NewActionInput["http_method"]>;
  endpoint_path: string;
  description: string;
  request_schema: string;
  transform_config: string;
  scopes: string;
  timeout_ms: string;
}

const FIRST_SCHEMA = { type: "object", properties: {}, required: [] };

export const EMPTY_ACTION: ActionDraft = {
  slug: "",
  name: "",
  http_method: "GET",
  endpoint_path: "/",
  description: "",
  request_schema: JSON.stringify(FIRST_SCHEMA, null, 2),
  transform_config: "",
  scopes: "",
  timeout_ms: "30000",
};

export const ACTION_MEMBERS = [...Object.keys(EMPTY_ACTION), "handler", "rate_limits"];

export function draftOfAction(row: ActionOutput): ActionDraft {
  return {
    slug: row.slug,
    name: row.name,
    http_method: METHODS.find((method) => method === row.http_method) ?? "GET",
    endpoint_path: row.endpoint_path,
    description: row.description,
    request_schema: writeObject(row.request_schema),
    transform_config: writeObject(row.transform_config),
    scopes: row.scopes.join("\n"),
    timeout_ms: String(row.timeout_ms),
  };
}

type Body = NewActionInput & { request_schema: Record<string, unknown> };

/** As the gateway takes it; undefined while a text is no JSON. What the editor does not show stays as in the row. */
export function actionOf(draft: ActionDraft, row?: ActionOutput): Body | undefined {
  const schema = readObject(draft.request_schema).value;
  const transform = readObject(draft.transform_config).value;
  const timeout = Number(draft.timeout_ms);
  if (!schema || !transform || !Number.isInteger(timeout)) return undefined;
  return {
    ...(row && { handler: row.handler, rate_limits: row.rate_limits }),
    slug: draft.slug.trim(),
    name: draft.name.trim(),
    http_method: draft.http_method,
    endpoint_path: draft.endpoint_path.trim(),
    description: draft.description.trim(),
    request_schema: schema,
    transform_config: transform,
    scopes: draft.scopes.split(/\s+/).filter(Boolean),
    timeout_ms: timeout,
  };
}

/** What is different now. */
export function actionChanges(row: ActionOutput, { slug: _, ...wanted }: NewActionInput): ActionChangesInput {
  const before = row as unknown as Record<string, unknown>;
  const different = Object.entries(wanted).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]),
  );
  return Object.fromEntries(different);
}
