import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createApiKeyMutation } from "@/api";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { refreshKeys } from "../refresh";
import { KeyForm } from "./key-form";
import { MadeKey } from "./made-key";

interface CreateKeyDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Asks what a new key is for, then shows it once. */
export function CreateKeyDialog({ open, onOpenChange }: CreateKeyDialogProps) {
  const client = useQueryClient();
  const create = useMutation({ ...createApiKeyMutation(), onSuccess: () => void refreshKeys(client) });
  const made = create.data;
  function change(next: boolean) {
    // It would be made without anybody seeing it.
    if (create.isPending) return;
    create.reset();
    onOpenChange(next);
  }
  return (
    <Dialog open={open} onOpenChange={change}>
      <DialogContent
        title={made ? `“${made.name}” is ready` : "Create an API key"}
        description={
          made
            ? "Copy it now. It is shown this once; only its hash is kept."
            : "It acts as you, and never does more than your role allows."
        }
        // What is shown only once does not go away by accident.
        onInteractOutside={(event) => event.preventDefault()}
        onEscapeKeyDown={(event) => made && event.preventDefault()}
      >
        {made ? (
          <MadeKey made={made} />
        ) : (
          <KeyForm
            busy={create.isPending}
            error={create.error}
            onCreate={(body) => create.mutate({ body })}
          />
        )}
      </DialogContent>
    </Dialog>
  );
}
