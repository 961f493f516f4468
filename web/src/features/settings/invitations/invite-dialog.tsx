import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import {
  authOptionsOptions,
  type CreatedInvitationOutput,
  createInvitationMutation,
  type InvitationInput,
  problemOf,
  type Role,
} from "@/api";
import { useWorkspace } from "@/app/session";
import { CodeBlock } from "@/components/code-block";
import { InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { formatExact } from "@/lib/format";
import { RoleField } from "../role-field";

interface InviteDialogProps {
  open: boolean;
  onClose: () => void;
  /** One whose new link is to be handed over. */
  handing: CreatedInvitationOutput | undefined;
  onInvited: () => Promise<unknown>;
}

/** Asks for an address and a role; shows the link, once, where it was not mailed. */
export function InviteDialog({ open, onClose, handing, onInvited }: InviteDialogProps) {
  const { name } = useWorkspace();
  const mail = useQuery(authOptionsOptions()).data?.mail;
  const invite = useMutation({
    ...createInvitationMutation(),
    onSuccess: (invitation) => {
      if (!invitation.url) {
        toast.success(`An invitation is on its way to ${invitation.email}.`);
        invite.reset();
        onClose();
      }
      void onInvited();
    },
  });
  const shown = handing ?? (invite.data?.url ? invite.data : undefined);
  function close() {
    // A link that is being made would never be shown.
    if (invite.isPending) return;
    invite.reset();
    onClose();
  }
  return (
    <Dialog open={open} onOpenChange={(next) => !next && close()}>
      <DialogContent
        title={shown ? `The link of ${shown.email}` : `Invite to ${name}`}
        description={shown ? HAND_OVER : mail === false ? BY_LINK : BY_MAIL}
        onInteractOutside={(event) => event.preventDefault()}
        onEscapeKeyDown={(event) => shown && event.preventDefault()}
      >
        {shown ? (
          <Made made={shown} />
        ) : (
          <InviteForm
            onSubmit={(body) => invite.mutate({ body })}
            error={invite.error}
            busy={invite.isPending}
          />
        )}
      </DialogContent>
    </Dialog>
  );
}

const HAND_OVER = "Send it to them yourself: no mail server is configured here. It is shown this once.";
const BY_LINK = "You get a link to send to them: no mail server is configured here.";
const BY_MAIL = "They get a link by mail, and make an account with it if they have none.";

function Made({ made: { url, expires_at } }: { made: CreatedInvitationOutput }) {
  return (
    <>
      <DialogBody className="flex flex-col gap-2">
        <CodeBlock code={url ?? ""} label="Link" wrap />
        <p className="text-muted-foreground text-xs">
          It works once, for this address alone, until {formatExact(expires_at)}.
        </p>
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button variant="primary">Done</Button>
        </DialogClose>
      </DialogFooter>
    </>
  );
}

interface InviteFormProps {
  onSubmit: (wanted: InvitationInput) => void;
  error: unknown;
  busy: boolean;
}

function InviteForm({ onSubmit, error, busy }: InviteFormProps) {
  const { id: workspace_id, can } = useWorkspace();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("member");
  const fault = error ? problemOf(error).faultsAt().get("/email") : undefined;
  function submit(event: FormEvent) {
    event.preventDefault();
    onSubmit({ workspace_id, email: email.trim(), role });
  }
  return (
    <form onSubmit={submit}>
      <DialogBody className="flex flex-col gap-4">
        <Field label="Email" error={fault} required>
          <Input
            type="email"
            value={email}
            placeholder="grace@example.com"
            autoComplete="off"
            onChange={(event) => setEmail(event.target.value)}
          />
        </Field>
        <RoleField value={role} onChange={setRole} grant={can.grant} />
        {!fault && <InlineError error={error} />}
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <Button type="submit" variant="primary" busy={busy}>
          Invite
        </Button>
      </DialogFooter>
    </form>
  );
}
