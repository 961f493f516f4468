import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type CreatedWebhookOutput, createWebhookMutation } from "@/api";
import { useWorkspace } from "@/app/session";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { refreshWebhooks } from "./data";
import { Secret } from "./secret";
import { WebhookForm } from "./webhook-form";
import { EVENT_TYPES } from "./words";

interface CreateWebhookDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Makes a webhook, and shows its secret once. */
export function CreateWebhookDialog({ open, onOpenChange }: CreateWebhookDialogProps) {
  const { organization_id } = useWorkspace();
  const client = useQueryClient();
  const [made, setMade] = useState<CreatedWebhookOutput>();
  const create = useMutation({
    ...createWebhookMutation(),
    onSuccess: async (webhook) => {
      setMade(webhook);
      await refreshWebhooks(client);
    },
  });
  function change(next: boolean) {
    // It would be made without anybody seeing its secret.
    if (create.isPending) return;
    setMade(undefined);
    create.reset();
    onOpenChange(next);
  }
  return (
    <Dialog open={open} onOpenChange={change}>
      <DialogContent
        title={made ? "Its secret" : "New webhook"}
        description={made ? SHOWN_ONCE : "What is sent is signed, as Standard Webhooks say."}
        onInteractOutside={(event) => event.preventDefault()}
        onEscapeKeyDown={(event) => made && event.preventDefault()}
      >
        {made ? (
          <Secret secret={made.secret} />
        ) : (
          <WebhookForm
            initial={{ url: "", events: EVENT_TYPES, description: "" }}
            action="Create the webhook"
            busy={create.isPending}
            error={create.error}
            onSubmit={({ url, events, description }) =>
              create.mutate({
                body: {
                  organization_id,
                  url: url.trim(),
                  events: [...events],
                  description: description.trim() || null,
                },
              })
            }
          />
        )}
      </DialogContent>
    </Dialog>
  );
}

export const SHOWN_ONCE = "Copy it now: it is shown this once. Your server checks the signatures with it.";
