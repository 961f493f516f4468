import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { addMemberMutation, listOrganizationMembersOptions, type Role } from "@/api";
import { useWorkspace } from "@/app/session";
import { Combobox } from "@/components/combobox";
import { EmptyState } from "@/components/empty-state";
import { ErrorState, InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { SkeletonRows } from "@/components/ui/skeleton";
import { RoleField } from "../role-field";
import type { Member } from "./member-table";

interface AddMemberDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** Who is in the workspace already. */
  present: readonly Member[] | undefined;
  onAdded: () => Promise<unknown>;
}

/** Takes somebody of the organization into the workspace. */
export function AddMemberDialog({ open, onOpenChange, ...form }: AddMemberDialogProps) {
  const { name } = useWorkspace();
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent title={`Add to ${name}`} description="Somebody who is in the organization already.">
        <Candidates {...form} close={() => onOpenChange(false)} />
      </DialogContent>
    </Dialog>
  );
}

type FormProps = Pick<AddMemberDialogProps, "present" | "onAdded"> & { close: () => void };

function Candidates({ present = [], ...form }: FormProps) {
  const { organization_id } = useWorkspace();
  const found = useQuery(
    listOrganizationMembersOptions({ path: { organization_id }, query: { limit: 200 } }),
  );
  if (found.error && !found.data)
    return <ErrorState error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <SkeletonRows rows={2} />;
  const here = new Set(present.map(({ user_id }) => user_id));
  const people = found.data.data.filter(({ user_id }) => !here.has(user_id));
  if (people.length === 0)
    return (
      <EmptyState
        title="Everybody of the organization is here"
        description="Invite somebody new by their address."
      />
    );
  return <AddForm people={people} {...form} />;
}

interface AddFormProps extends Omit<FormProps, "present"> {
  people: readonly Member[];
}

function AddForm({ people, onAdded, close }: AddFormProps) {
  const { id: workspace_id, can } = useWorkspace();
  const [userId, setUserId] = useState<string>();
  const [role, setRole] = useState<Role>("member");
  const add = useMutation({
    ...addMemberMutation(),
    onSuccess: async () => {
      await onAdded();
      close();
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (userId) add.mutate({ path: { workspace_id }, body: { user_id: userId, role } });
  }
  return (
    <form onSubmit={submit}>
      <DialogBody className="flex flex-col gap-4">
        <Field label="Person">
          <Combobox
            label="Person"
            placeholder="Choose a person"
            value={userId}
            onChange={setUserId}
            options={people.map(({ user_id, name, email }) => ({
              value: user_id,
              label: name ?? email ?? user_id,
              detail: name ? (email ?? undefined) : undefined,
            }))}
          />
        </Field>
        <RoleField value={role} onChange={setRole} grant={can.grant} />
        <InlineError error={add.error} />
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <Button type="submit" variant="primary" busy={add.isPending} disabled={!userId}>
          Add
        </Button>
      </DialogFooter>
    </form>
  );
}
