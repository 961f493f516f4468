import { Link, type LinkProps } from "@tanstack/react-router";

const TABS = [
  { label: "Connections", to: "/w/$workspaceId/connections" },
  { label: "Connect links", to: "/w/$workspaceId/connections/links" },
] as const satisfies { label: string; to: LinkProps["to"] }[];

/** Between the connections and the links by which others make some. */
export function SectionTabs({ workspaceId }: { workspaceId: string }) {
  return (
    <nav aria-label="Connections" className="flex gap-4 border-b">
      {TABS.map(({ label, to }) => (
        <Link
          key={to}
          to={to}
          params={{ workspaceId }}
          activeOptions={{ exact: true, includeSearch: false }}
          className="-mb-px flex h-9 items-center border-transparent border-b-2 text-muted-foreground hover:text-foreground focus-visible:-outline-offset-2 data-[status=active]:border-primary data-[status=active]:font-medium data-[status=active]:text-foreground"
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
