import { useBlocker } from "@tanstack/react-router";
import { ConfirmDialog } from "./confirm-dialog";

interface UnsavedGuardProps {
  unsaved: boolean;
  /** The parameter of the address that says which part of the page it is in: to go to another is to leave as well. */
  part?: string;
}

/**
 * Asks before a page is left on which something was typed and not saved.
 *
 * What leaves on purpose (saving, a Cancel button) navigates with `ignoreBlocker`.
 */
export function UnsavedGuard({ unsaved, part }: UnsavedGuardProps) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) =>
      current.pathname !== next.pathname ||
      (part !== undefined && inPart(current, part) !== inPart(next, part)),
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

function inPart({ search }: { search: object }, part: string): unknown {
  return (search as Record<string, unknown>)[part];
}
