import { type FormEvent, type ReactNode, useState } from "react";
import { InlineError } from "./error-state";
import { Button } from "./ui/button";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from "./ui/dialog";
import { Field } from "./ui/field";
import { Input } from "./ui/input";

interface ConfirmDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** A question: "Delete this connection?" */
  title: string;
  /** What will happen, and what cannot be undone. */
  description: ReactNode;
  /** The verb: "Delete connection". */
  action: string;
  /** To be typed before it is done: the thing's name, for what cannot be undone. */
  typeToConfirm?: string;
  /** The window closes when it is done, and shows the problem when it failed. */
  onConfirm: () => Promise<unknown>;
  children?: ReactNode;
}

/** Asks before something is taken away. */
export function ConfirmDialog({ open, onOpenChange, title, description, ...question }: ConfirmDialogProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent title={title} description={description} className="w-[min(28rem,calc(100vw-2rem))]">
        <Question {...question} close={() => onOpenChange(false)} />
      </DialogContent>
    </Dialog>
  );
}

type QuestionProps = Pick<ConfirmDialogProps, "action" | "typeToConfirm" | "onConfirm" | "children"> & {
  close: () => void;
};

function Question({ action, typeToConfirm, onConfirm, children, close }: QuestionProps) {
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const ready = typeToConfirm === undefined || typed.trim() === typeToConfirm.trim();
  async function submit(event: FormEvent) {
    event.preventDefault();
    // React takes a window's events on to where it was written, which may be another form.
    event.stopPropagation();
    if (!ready) return;
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm();
      close();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }
  const asks = typeToConfirm !== undefined || children || error;
  return (
    <form onSubmit={(event) => void submit(event)} className="flex min-h-0 flex-col">
      {asks ? (
        <DialogBody className="flex flex-col gap-4">
          {children}
          {typeToConfirm !== undefined && (
            <Field label={<>Type “{typeToConfirm}” to confirm</>}>
              <Input
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
                autoComplete="off"
                spellCheck={false}
              />
            </Field>
          )}
          <InlineError error={error} />
        </DialogBody>
      ) : null}
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <Button type="submit" variant="danger" disabled={!ready} busy={busy}>
          {action}
        </Button>
      </DialogFooter>
    </form>
  );
}
