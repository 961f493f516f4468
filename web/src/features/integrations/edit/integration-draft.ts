import type { AuthType, IntegrationChangesInput, IntegrationOutput, NewIntegrationInput } from "@/api";
import { readObject, writeObject } from "./json-text";

/** An integration as it is being written: everything as it was typed. */
export interface IntegrationDraft {
  slug: string;
  name: string;
  base_url: string;
  auth_type: AuthType;
  auth_config: string;
  transform_config: string;
  description: string;
  category: string;
  documentation_url: string;
  website: string;
}

export const EMPTY_INTEGRATION: IntegrationDraft = {
  slug: "",
  name: "",
  base_url: "https://",
  auth_type: "api_key",
  auth_config: "",
  transform_config: "",
  description: "",
  category: "",
  documentation_url: "",
  website: "",
};

export const INTEGRATION_POINTERS = Object.keys(EMPTY_INTEGRATION).map((name) => `/${name}`);

export function draftOfIntegration(row: IntegrationOutput): IntegrationDraft {
  return {
    ...row,
    auth_config: writeObject(row.auth_config),
    transform_config: writeObject(row.transform_config),
    documentation_url: row.documentation_url ?? "",
    website: row.website ?? "",
  };
}

/** As the gateway takes it; undefined while a text is no JSON. */
export function integrationOf(draft: IntegrationDraft): NewIntegrationInput | undefined {
  const auth = readObject(draft.auth_config).value;
  const transform = readObject(draft.transform_config).value;
  if (!auth || !transform) return undefined;
  return {
    slug: draft.slug.trim(),
    name: draft.name.trim(),
    base_url: draft.base_url.trim(),
    auth_type: draft.auth_type,
    auth_config: auth,
    transform_config: transform,
    description: draft.description.trim(),
    category: draft.category.trim(),
    documentation_url: draft.documentation_url.trim() || null,
    website: draft.website.trim() || null,
  };
}

/** What is different now. */
export function changesOf(row: IntegrationOutput, wanted: NewIntegrationInput): IntegrationChangesInput {
  const { slug: _, organization_id: __, ...members } = wanted;
  const before = row as unknown as Record<string, unknown>;
  const different = Object.entries(members).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]),
  );
  return Object.fromEntries(different);
}

/** A slug made of a name: lower case letters, digits and hyphens. */
export function slugOf(name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 100);
}
