import { describe, expect, it } from "vitest";
import { filterIntegrations, filterOptions, type Listed } from "./filter-integrations";

function listed(slug: string, name: string, more: Partial<Listed> = {}): Listed {
  return {
    slug,
    name,
    description: "",
    category: "email",
    auth_type: "oauth2",
    organization_id: null,
    connections: { total: 0, mine: 0, needs_attention: 0 },
    ...more,
  };
}

const all = [
  listed("brevo", "Brevo", {
    description: "Send email with attachments to many people, and see who has read it",
  }),
  listed("gmail", "Gmail", { connections: { total: 2, mine: 1, needs_attention: 0 } }),
  listed("google-drive", "Google Drive", { category: "files" }),
  listed("shop", "Our shop", { auth_type: "api_key", organization_id: "ours", category: "commerce" }),
];

const slugs = (filters: Parameters<typeof filterIntegrations>[1]) =>
  filterIntegrations(all, filters).map(({ slug }) => slug);

describe("filtering integrations", () => {
  it("has everything without filters", () => expect(slugs({})).toHaveLength(4));
  it("finds parts of names, and prefers their beginnings", () => {
    expect(slugs({ q: "drive" })).toEqual(["google-drive"]);
    expect(slugs({ q: "mail" })).toEqual(["gmail", "brevo"]);
    expect(slugs({ q: "G" })[0]).toBe("gmail");
  });
  it("wants every word", () => {
    expect(slugs({ q: "google drive" })).toEqual(["google-drive"]);
    expect(slugs({ q: "google mail" })).toEqual([]);
  });
  it("finds words of descriptions by their beginnings alone", () => {
    expect(slugs({ q: "attach" })).toEqual(["brevo"]);
    expect(slugs({ q: "tachments" })).toEqual([]);
  });
  it("combines filters", () => {
    expect(slugs({ category: ["email"], connected: "yes" })).toEqual(["gmail"]);
    expect(slugs({ owner: "own" })).toEqual(["shop"]);
    expect(slugs({ owner: "shipped", auth: ["api_key"] })).toEqual([]);
    expect(slugs({ connected: "no", category: ["email", "files"] })).toEqual(["brevo", "google-drive"]);
  });
  it("counts what there is to choose", () => {
    const { categories, authTypes } = filterOptions(all);
    expect(categories.map(({ label, count }) => [label, count])).toEqual([
      ["Commerce", 1],
      ["Email", 2],
      ["Files", 1],
    ]);
    expect(authTypes.map(({ value }) => value)).toEqual(["api_key", "oauth2"]);
  });
});
