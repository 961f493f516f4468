import { type ErrorComponentProps, Link, Outlet, useRouter } from "@tanstack/react-router";
import { type CSSProperties, Suspense, useEffect } from "react";
import { Toaster } from "sonner";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { TooltipProvider } from "@/components/ui/tooltip";
import { listenForShortcuts } from "@/lib/shortcuts";
import { usePageTitle } from "./page-title";
import { useAppliedTheme, useTheme } from "./theme";

const TOAST_COLOURS = {
  fontFamily: "inherit",
  "--normal-bg": "var(--popover)",
  "--normal-border": "var(--border)",
  "--normal-text": "var(--foreground)",
} as CSSProperties;

/** What stands around every page. */
export function RootLayout() {
  const [theme] = useTheme();
  useAppliedTheme();
  useEffect(listenForShortcuts, []);
  useFocusOnNavigation();
  return (
    <TooltipProvider delayDuration={300}>
      <Suspense>
        <Outlet />
      </Suspense>
      <Toaster theme={theme} position="bottom-right" closeButton style={TOAST_COLOURS} />
    </TooltipProvider>
  );
}

/** After a step to another page, the keyboard and the screen reader are at its title. */
function useFocusOnNavigation() {
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe("onRendered", ({ pathChanged, fromLocation }) => {
        if (pathChanged && fromLocation)
          document.getElementById("page-title")?.focus({ preventScroll: true });
      }),
    [router],
  );
}

export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  usePageTitle("Something went wrong");
  return (
    <div className="grid min-h-80 flex-1 place-items-center p-6">
      <ErrorState
        error={error}
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </div>
  );
}

export function NotFoundPage() {
  usePageTitle("Not found");
  return (
    <div className="grid min-h-full place-items-center p-6">
      <EmptyState
        title="There is no such page"
        description="It may have been removed, or it belongs to a workspace that you are not a member of."
        action={
          <Button asChild variant="primary">
            <Link to="/">Go to the start</Link>
          </Button>
        }
      />
    </div>
  );
}
