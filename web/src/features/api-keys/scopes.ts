import type { Scope } from "@/api";

interface ScopeWords {
  label: string;
  hint: string;
}

/** What a key may be limited to, in the order in which it is offered. */
export const SCOPES: Record<Scope, ScopeWords> = {
  execute: { label: "Run actions", hint: "With the connections that you may use." },
  "connections:read": { label: "See connections", hint: "Which there are and how they are; no credentials." },
  "connections:write": {
    label: "Make and change connections",
    hint: "Also connect links for people without an account.",
  },
  "logs:read": {
    label: "Read logs and usage",
    hint: "Executions, with requests and answers as they are kept.",
  },
  "catalog:write": {
    label: "Change integrations",
    hint: "Integrations of your organization, their actions and OAuth clients.",
  },
  admin: { label: "Administer", hint: "Members, invitations, workspaces, webhooks, and other API keys." },
};

export const ALL_SCOPES = Object.keys(SCOPES) as Scope[];

/** The scopes in a few words. */
export function scopesInWords(scopes: readonly Scope[]): string {
  if (scopes.length === ALL_SCOPES.length) return "Everything";
  const labels = ALL_SCOPES.filter((scope) => scopes.includes(scope)).map((scope) => SCOPES[scope].label);
  return labels.map((label, index) => (index === 0 ? label : label.toLowerCase())).join(", ");
}
