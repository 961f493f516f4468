import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { KeyRound, MoreHorizontal, Pause, Pencil, Play, Send, Trash2 } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import {
  changeWebhookMutation,
  deleteWebhook,
  problemOf,
  rotateWebhookSecret,
  testWebhookMutation,
  type WebhookOutput,
} from "@/api";
import { useWorkspace } from "@/app/session";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuSeparator,
  DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";
import { SHOWN_ONCE } from "./create-webhook-dialog";
import { refreshWebhooks } from "./data";
import { Secret } from "./secret";
import { WebhookForm } from "./webhook-form";

type Asked = "edit" | "rotate" | "delete";

/** What can be done with a webhook. */
export function WebhookActions({ webhook }: { webhook: WebhookOutput }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<Asked>();
  const [secret, setSecret] = useState<string>();
  const test = useMutation({
    ...testWebhookMutation(),
    onSuccess: async () => {
      toast.success("A test event is on its way.");
      await refreshWebhooks(client, webhook.id);
    },
    onError: (error) => toast.error(problemOf(error).detail),
  });
  const path = { webhook_id: webhook.id };
  async function rotate() {
    const { data } = await rotateWebhookSecret({ path, throwOnError: true });
    setSecret(data.secret);
  }
  const close = (open: boolean) => !open && setAsked(undefined);
  return (
    <>
      <Menu webhook={webhook} onAsk={setAsked} />
      <Button variant="primary" busy={test.isPending} onClick={() => test.mutate({ path })}>
        <Send /> Send a test
      </Button>
      <EditDialog webhook={webhook} open={asked === "edit"} onOpenChange={close} />
      <ConfirmDialog
        open={asked === "rotate"}
        onOpenChange={close}
        title="Make a new secret?"
        description="For 24 hours the one before signs as well: each delivery has two signatures, so that you can change over without a gap."
        action="New secret"
        onConfirm={rotate}
      />
      <DeleteDialog webhook={webhook} open={asked === "delete"} onOpenChange={close} />
      <Dialog open={secret !== undefined} onOpenChange={(open) => !open && setSecret(undefined)}>
        <DialogContent
          title="The new secret"
          description={SHOWN_ONCE}
          onInteractOutside={(event) => event.preventDefault()}
          onEscapeKeyDown={(event) => event.preventDefault()}
        >
          <Secret secret={secret ?? ""} />
        </DialogContent>
      </Dialog>
    </>
  );
}

function Menu({
  webhook: { id, disabled_at },
  onAsk,
}: {
  webhook: WebhookOutput;
  onAsk: (what: Asked) => void;
}) {
  const client = useQueryClient();
  const change = useMutation({
    ...changeWebhookMutation(),
    onSuccess: async (changed) => {
      toast.success(changed.disabled_at ? "Disabled: nothing is sent to it." : "Enabled again.");
      await refreshWebhooks(client, id);
    },
    onError: (error) => toast.error(problemOf(error).detail),
  });
  const disable = (disabled: boolean) => change.mutate({ path: { webhook_id: id }, body: { disabled } });
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button size="icon" aria-label="More">
          <MoreHorizontal />
        </Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent align="end">
        <DropdownMenuItem onSelect={() => onAsk("edit")}>
          <Pencil aria-hidden /> Edit
        </DropdownMenuItem>
        <DropdownMenuItem onSelect={() => onAsk("rotate")}>
          <KeyRound aria-hidden /> New secret
        </DropdownMenuItem>
        {disabled_at ? (
          <DropdownMenuItem onSelect={() => disable(false)}>
            <Play aria-hidden /> Enable
          </DropdownMenuItem>
        ) : (
          <DropdownMenuItem onSelect={() => disable(true)}>
            <Pause aria-hidden /> Disable
          </DropdownMenuItem>
        )}
        <DropdownMenuSeparator />
        <DropdownMenuItem danger onSelect={() => onAsk("delete")}>
          <Trash2 aria-hidden /> Delete
        </DropdownMenuItem>
      </DropdownMenuContent>
    </DropdownMenu>
  );
}

interface DialogProps {
  webhook: WebhookOutput;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

function EditDialog({ webhook, open, onOpenChange }: DialogProps) {
  const client = useQueryClient();
  const change = useMutation({
    ...changeWebhookMutation(),
    onSuccess: async () => {
      await refreshWebhooks(client, webhook.id);
      toast.success("Saved.");
      onOpenChange(false);
    },
  });
  return (
    <Dialog open={open} onOpenChange={(next) => !change.isPending && onOpenChange(next)}>
      <DialogContent title="Edit the webhook">
        <WebhookForm
          initial={{ url: webhook.url, events: webhook.events, description: webhook.description ?? "" }}
          action="Save"
          busy={change.isPending}
          error={change.error}
          onSubmit={({ url, events, description }) =>
            change.mutate({
              path: { webhook_id: webhook.id },
              body: { url: url.trim(), events: [...events], description: description.trim() || null },
            })
          }
        />
      </DialogContent>
    </Dialog>
  );
}

function DeleteDialog({ webhook, open, onOpenChange }: DialogProps) {
  const { id: workspaceId } = useWorkspace();
  const client = useQueryClient();
  const navigate = useNavigate();
  async function remove() {
    await deleteWebhook({ path: { webhook_id: webhook.id }, throwOnError: true });
    toast.success("The webhook is deleted.");
    await navigate({ to: "/w/$workspaceId/settings/webhooks", params: { workspaceId } });
    await refreshWebhooks(client);
  }
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title="Delete this webhook?"
      description="Nothing is sent there any more, and its deliveries are erased. This cannot be undone."
      action="Delete webhook"
      onConfirm={remove}
    />
  );
}
