import { useNavigate, useRouter } from "@tanstack/react-router";
import { useCallback } from "react";

/** Changes a part of the page's address, its filters for one: `undefined` takes one out. Not a step for "Back". */
export function useSearchPatch(): (change: Record<string, unknown>, options?: { push?: boolean }) => void {
  const navigate = useNavigate();
  const router = useRouter();
  return useCallback(
    (change, { push = false } = {}) => {
      // On the way to another page, whose address this page has no say in.
      const here = router.state.resolvedLocation;
      if (here && here.pathname !== router.latestLocation.pathname) return;
      const search = (before: Record<string, unknown>) => ({ ...before, ...change });
      // The page's own route says what its search may be, when it reads it.
      void navigate({ to: ".", search, replace: !push, resetScroll: false } as Parameters<
        typeof navigate
      >[0]);
    },
    [navigate, router],
  );
}
