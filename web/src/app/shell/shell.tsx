import { Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { Menu } from "lucide-react";
import { Fragment, Suspense, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog, DialogTrigger, SheetContent } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { isWindowOpen, useShortcut } from "@/lib/shortcuts";
import { NotFoundPage } from "../root-layout";
import { useWorkspace, useWorkspaces } from "../session";
import { Breadcrumb } from "./breadcrumb";
import { CommandPalette } from "./command-palette";
import { SECTIONS, type Section } from "./navigation";
import { ShortcutsDialog } from "./shortcuts-dialog";
import { Sidebar } from "./sidebar";

/** A workspace's pages; none for who was taken out of it meanwhile. */
export function Shell() {
  const { workspaceId } = useParams({ strict: false });
  const isMember = useWorkspaces().some(({ id }) => id === workspaceId);
  return isMember ? <Frame /> : <NotFoundPage />;
}

/** Navigation at the left, a breadcrumb above, the page. */
function Frame() {
  const { id } = useWorkspace();
  const [menuOpen, setMenuOpen] = useState(false);
  const [paletteOpen, setPaletteOpen] = useState(false);
  useShortcut({
    keys: "mod+k",
    label: "Search and run commands",
    group: "Everywhere",
    everywhere: true,
    // Not over a window: what is in it would be gone with the page.
    run: () => setPaletteOpen((open) => !open && !isWindowOpen()),
  });
  useShortcut({ keys: "/", label: "Filter this page", group: "Everywhere", run: focusFilter });
  const sidebar = { onNavigate: () => setMenuOpen(false), onSearch: () => setPaletteOpen(true) };
  return (
    <div className="flex h-dvh">
      <a
        href="#page"
        className="sr-only z-50 rounded-md bg-primary px-3 py-2 text-primary-foreground focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to the page
      </a>
      <aside className="hidden w-14 shrink-0 border-r bg-sidebar md:block lg:w-56">
        <Sidebar folds {...sidebar} />
      </aside>
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="flex h-12 shrink-0 items-center gap-2 border-b px-2 md:px-6">
          <Dialog open={menuOpen} onOpenChange={setMenuOpen}>
            <DialogTrigger asChild>
              <Button variant="ghost" size="icon" className="md:hidden" aria-label="Open the navigation">
                <Menu />
              </Button>
            </DialogTrigger>
            <SheetContent side="left" title="Navigation" hideTitle className="bg-sidebar">
              <Sidebar {...sidebar} />
            </SheetContent>
          </Dialog>
          <Breadcrumb />
        </div>
        <main id="page" tabIndex={-1} className="relative min-h-0 flex-1 overflow-y-auto outline-none">
          <Suspense fallback={<PageSkeleton />}>
            {/* Nothing of one workspace is kept on the page of another. */}
            <Fragment key={id}>
              <Outlet />
            </Fragment>
          </Suspense>
        </main>
      </div>
      {SECTIONS.map((section) => (
        <SectionShortcut key={section.path} section={section} />
      ))}
      <ShortcutsDialog />
      <CommandPalette open={paletteOpen} onOpenChange={setPaletteOpen} />
    </div>
  );
}

function SectionShortcut({ section: { keys, label, to } }: { section: Section }) {
  const navigate = useNavigate();
  const { id } = useWorkspace();
  const run = () => void navigate({ to, params: { workspaceId: id } });
  useShortcut({ keys, label: `Go to ${label}`, group: "Pages", run });
  return null;
}

function PageSkeleton() {
  return (
    <div className="flex flex-col gap-5 px-4 py-5 md:px-6" role="status" aria-label="Loading">
      <Skeleton className="h-7 w-48" />
      <Skeleton className="h-64 w-full rounded-lg" />
    </div>
  );
}

/** The page's filter has `data-page-filter`. */
function focusFilter() {
  const field = document.querySelector<HTMLInputElement>("#page [data-page-filter]");
  field?.focus();
  field?.select();
}
