import { useEffect } from "react";
import { useSearchPatch } from "@/components/use-search-patch";
import { type JsonObject, jsonOf, objectOf, withoutSecrets } from "./json-value";
import { useStateFor } from "./use-state-for";

/** The parameters as both the form and the JSON beside it have them. */
export interface Draft {
  parameters: JsonObject;
  /** What stands in the JSON tab; `broken` while it is no JSON object. */
  text: string;
  broken: boolean;
  setParameters(parameters: JsonObject): void;
  setText(text: string): void;
}

const LONGEST_IN_ADDRESS = 1500;
const PAUSE_MS = 400;

/**
 * Begins with these parameters whenever `key` is another, and keeps the address up to date while that is short.
 *
 * What the schema says is secret does not come into the address.
 */
export function useDraft(
  key: string,
  initial: () => JsonObject,
  inAddress: string | undefined,
  schema: JsonObject | undefined,
): Draft {
  const [state, setState] = useStateFor(key, () => draftOf(initial()));
  useParametersInAddress(state.parameters, inAddress, schema);
  return {
    ...state,
    setParameters: (parameters) => setState(draftOf(parameters)),
    setText(text) {
      const parsed = objectOf(text);
      setState({ parameters: parsed ?? state.parameters, text, broken: parsed === undefined });
    },
  };
}

function draftOf(parameters: JsonObject) {
  return { parameters, text: jsonOf(parameters), broken: false };
}

function useParametersInAddress(
  parameters: JsonObject,
  current: string | undefined,
  schema: JsonObject | undefined,
) {
  const patch = useSearchPatch();
  useEffect(() => {
    if (schema === undefined) return;
    const text = JSON.stringify(withoutSecrets(parameters, schema));
    const short = text === "{}" || text.length > LONGEST_IN_ADDRESS ? undefined : text;
    if (short === current) return;
    const timer = setTimeout(() => patch({ parameters: short }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [parameters, current, patch, schema]);
}
