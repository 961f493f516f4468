import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import {
  type IntegrationDetailOutput,
  type NewActionInput,
  type PreviewOutput,
  Problem,
  previewDraftAction,
  problemOf,
} from "@/api";
import { useWorkspace } from "@/app/session";
import { exampleOf } from "../schema/example";
import type { JsonSchema } from "../schema/json-schema";
import { readObject, writeObject } from "./json-text";
import { useSettled } from "./use-settled";

/** An object that is made of a schema until somebody writes another. */
export interface Filled {
  text: string;
  /** Whether it was written by hand. */
  isOwn: boolean;
  write: (text: string | undefined) => void;
}

export interface DraftPreview {
  parameters: Filled;
  /** What a connection brings; undefined where it brings nothing. */
  config: Filled | undefined;
  /** What the gateway would send, as it last could tell. */
  preview: PreviewOutput | undefined;
  /** What it has against the draft or the parameters. */
  problem: Problem | undefined;
  /** Whether what is shown is older than what was typed. */
  isBehind: boolean;
}

/** Asks the gateway, whenever typing pauses, which request the action would send. */
export function useDraftPreview(
  integration: IntegrationDetailOutput,
  action: (NewActionInput & { request_schema: Record<string, unknown> }) | undefined,
): DraftPreview {
  const { organization_id } = useWorkspace();
  const parameters = useFilled(action?.request_schema);
  const config = useFilled(integration.config_schema ?? undefined);
  const body = useBody(action, parameters.text, config.text);
  const settled = useSettled(body);
  const query = useQuery({
    queryKey: ["previewDraft", integration.slug, organization_id, settled],
    queryFn: async ({ signal }) => {
      const { data } = await previewDraftAction({
        path: { slug: integration.slug },
        query: { organization_id },
        body: settled ?? never(),
        signal,
        throwOnError: true,
      });
      return data;
    },
    enabled: settled !== undefined,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const problem = query.error && body ? problemOf(query.error) : undefined;
  return {
    parameters,
    config: integration.config_schema ? config : undefined,
    preview: useLastKnown(query.data),
    problem,
    isBehind: body === undefined || settled !== body || query.isFetching || problem !== undefined,
  };
}

/** The last value that was there: a slip of the pen does not take away what was shown. */
function useLastKnown<T>(value: T | undefined): T | undefined {
  const last = useRef(value);
  if (value !== undefined) last.current = value;
  return last.current;
}

function useFilled(schema: Record<string, unknown> | undefined): Filled {
  const [own, setOwn] = useState<string>();
  const made = useMemo(() => writeObject(exampleOf((schema ?? {}) as JsonSchema)), [schema]);
  return { text: own ?? made, isOwn: own !== undefined, write: setOwn };
}

/** The request's body, the same object for the same content; undefined while a text is no JSON. */
function useBody(action: NewActionInput | undefined, parametersText: string, configText: string) {
  const parameters = readObject(parametersText).value;
  const config = readObject(configText).value;
  const draft = action && { ...action, slug: action.slug || "draft", name: action.name || "Draft" };
  const text =
    draft && parameters && config ? JSON.stringify({ action: draft, parameters, config }) : undefined;
  return useMemo(
    () =>
      text === undefined
        ? undefined
        : (JSON.parse(text) as { action: NewActionInput; parameters: object; config: object }),
    [text],
  ) as
    | { action: NewActionInput; parameters: Record<string, unknown>; config: Record<string, unknown> }
    | undefined;
}

function never(): never {
  throw new Problem({
    type: "about:blank",
    title: "Nothing to preview",
    status: 0,
    code: "nothing",
    detail: "There is no action yet.",
  });
}
