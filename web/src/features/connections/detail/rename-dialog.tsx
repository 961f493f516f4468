import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { changeConnectionMutation } from "@/api";
import { InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { refreshConnections } from "../connect/refresh";
import type { WindowProps } from "./window";

export function RenameDialog({ open, onOpenChange, ...rest }: WindowProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent title="Rename the connection">
        <RenameForm {...rest} close={() => onOpenChange(false)} />
      </DialogContent>
    </Dialog>
  );
}

function RenameForm({ connection, close }: Pick<WindowProps, "connection"> & { close: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState(connection.name);
  const rename = useMutation({
    ...changeConnectionMutation(),
    onSuccess: async () => {
      await refreshConnections(client);
      close();
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    rename.mutate({ path: { connection_id: connection.id }, body: { name: name.trim() } });
  }
  return (
    <form onSubmit={submit}>
      <DialogBody className="flex flex-col gap-4">
        <Field label="Name" required>
          <Input value={name} maxLength={200} onChange={(event) => setName(event.target.value)} />
        </Field>
        <InlineError error={rename.error} />
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <Button type="submit" variant="primary" busy={rename.isPending} disabled={name.trim() === ""}>
          Rename
        </Button>
      </DialogFooter>
    </form>
  );
}
