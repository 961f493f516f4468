import { ExternalLink } from "lucide-react";
import type { IntegrationDetailOutput } from "@/api";

type HelpLinksProps = {
  integration: Pick<IntegrationDetailOutput, "name" | "website" | "documentation_url">;
};

/** Where to find what is asked for. */
export function HelpLinks({ integration: { name, website, documentation_url } }: HelpLinksProps) {
  const links = [
    website && { href: website, label: `Open ${name}` },
    documentation_url && { href: documentation_url, label: "Its documentation" },
  ].filter((link) => typeof link === "object" && link !== null);
  if (links.length === 0) return null;
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
      {links.map(({ href, label }) => (
        <a
          key={href}
          href={href}
          target="_blank"
          rel="noreferrer"
          className="inline-flex items-center gap-1 text-link hover:underline"
        >
          {label} <ExternalLink className="size-3" aria-hidden />
        </a>
      ))}
    </p>
  );
}
