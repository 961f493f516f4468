import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { Suspense, useEffect, useRef } from "react";
import { useWorkspace } from "@/app/session";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";

/** Settings: of oneself, of the workspace, of the organization. A column at the left, a row above on narrow screens. */
export function SettingsLayout() {
  const workspace = useWorkspace();
  const nav = useRef<HTMLElement>(null);
  useCurrentInSight(nav);
  return (
    <div className="flex h-full flex-col lg:flex-row">
      <nav
        ref={nav}
        aria-label="Settings"
        className={cn(
          "flex shrink-0 gap-4 overflow-x-auto border-b px-4 [scrollbar-width:none] md:px-6",
          "lg:w-52 lg:flex-col lg:overflow-y-auto lg:border-r lg:border-b-0 lg:px-3 lg:py-5",
        )}
      >
        <Group label="You" entries={YOURS} />
        <Group label={`Workspace · ${workspace.name}`} entries={OF_WORKSPACE} />
        <Group label={`Organization · ${workspace.organization_name}`} entries={OF_ORGANIZATION} />
      </nav>
      <div className="min-h-0 min-w-0 flex-1 lg:overflow-y-auto">
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </div>
    </div>
  );
}

/** The row above a narrow page shows where one is, also where that is not its beginning. */
function useCurrentInSight(nav: React.RefObject<HTMLElement | null>): void {
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is another place in the row
  useEffect(() => {
    const current = nav.current?.querySelector<HTMLElement>("[data-status=active]");
    if (!nav.current || !current) return;
    nav.current.scrollLeft = current.offsetLeft - nav.current.offsetLeft - 16;
  }, [nav, pathname]);
}

const YOURS = [{ label: "Profile", to: "/w/$workspaceId/settings/profile" }] as const;

const OF_WORKSPACE = [
  { label: "Members", to: "/w/$workspaceId/settings/members" },
  { label: "Invitations", to: "/w/$workspaceId/settings/invitations" },
] as const;

const OF_ORGANIZATION = [
  // The next one's address begins with this one's.
  { label: "Organization", to: "/w/$workspaceId/settings/organization", exact: true },
  { label: "All members", to: "/w/$workspaceId/settings/organization/members" },
  { label: "Workspaces", to: "/w/$workspaceId/settings/workspaces" },
  { label: "OAuth clients", to: "/w/$workspaceId/settings/oauth-clients" },
  { label: "Webhooks", to: "/w/$workspaceId/settings/webhooks" },
] as const;

type Entry = (typeof YOURS | typeof OF_WORKSPACE | typeof OF_ORGANIZATION)[number] & { exact?: boolean };

function Group({ label, entries }: { label: string; entries: readonly Entry[] }) {
  const { id: workspaceId } = useWorkspace();
  return (
    <div className="lg:mb-1">
      <p className="hidden truncate px-2 pb-1 text-muted-foreground text-xs lg:block" title={label}>
        {label}
      </p>
      <ul className="flex gap-4 lg:flex-col lg:gap-0.5">
        {entries.map(({ label: name, to, exact }) => (
          <li key={name}>
            <Link
              to={to}
              params={{ workspaceId }}
              activeOptions={{ exact, includeSearch: false }}
              className={cn(
                "flex items-center whitespace-nowrap text-muted-foreground hover:text-foreground focus-visible:-outline-offset-2",
                "data-[status=active]:font-medium data-[status=active]:text-foreground",
                "-mb-px h-9 border-transparent border-b-2 data-[status=active]:border-primary",
                "lg:mb-0 lg:h-8 lg:rounded-md lg:border-b-0 lg:px-2 lg:hover:bg-foreground/5 lg:data-[status=active]:bg-foreground/8",
              )}
            >
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Loading() {
  return (
    <div className="flex flex-col gap-5 px-4 py-5 md:px-6" role="status" aria-label="Loading">
      <Skeleton className="h-7 w-48" />
      <Skeleton className="h-64 w-full rounded-lg" />
    </div>
  );
}
