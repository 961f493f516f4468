import { type FormEvent, type ReactNode, useState } from "react";
import { problemOf } from "@/api";
import { InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";

interface NameDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  /** The verb of the button. */
  action: string;
  name?: string;
  onSubmit: (name: string) => Promise<unknown>;
  /** More to choose, below the name. */
  children?: ReactNode;
}

/** Names something, new or not. */
export function NameDialog({ open, onOpenChange, title, description, ...form }: NameDialogProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent title={title} description={description} className="w-[min(28rem,calc(100vw-2rem))]">
        <NameForm {...form} close={() => onOpenChange(false)} />
      </DialogContent>
    </Dialog>
  );
}

type FormProps = Pick<NameDialogProps, "action" | "name" | "onSubmit" | "children"> & { close: () => void };

function NameForm({ action, name: before = "", onSubmit, children, close }: FormProps) {
  const [name, setName] = useState(before);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const fault = error ? problemOf(error).faultsAt().get("/name") : undefined;
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit(name.trim());
      close();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <DialogBody className="flex flex-col gap-4">
        <Field label="Name" error={fault} required>
          <Input
            value={name}
            maxLength={200}
            autoComplete="off"
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        {children}
        {!fault && <InlineError error={error} />}
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <Button
          type="submit"
          variant="primary"
          busy={busy}
          disabled={name.trim() === "" || name.trim() === before}
        >
          {action}
        </Button>
      </DialogFooter>
    </form>
  );
}
