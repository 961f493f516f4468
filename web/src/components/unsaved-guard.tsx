import { useBlocker } from "@tanstack/react-router";
import { ConfirmDialog } from "./confirm-dialog";

/**
 * Asks before a page is left on which something was typed and not saved.
 *
 * What leaves on purpose (saving, a Cancel button) navigates with `ignoreBlocker`.
 */
export function UnsavedGuard({ unsaved }: { unsaved: boolean }) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname,
    disabled: !unsaved,
    enableBeforeUnload: unsaved,
    withResolver: true,
  });
  return (
    <ConfirmDialog
      open={status === "blocked"}
      onOpenChange={(open) => !open && reset?.()}
      title="Leave without saving?"
      description="What you entered here is lost then."
      action="Leave"
      onConfirm={async () => proceed?.()}
    />
  );
}
