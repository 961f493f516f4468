import { CodeBlock } from "@/components/code-block";
import { Button } from "@/components/ui/button";
import { DialogBody, DialogClose, DialogFooter } from "@/components/ui/dialog";

/** The secret of a webhook's signatures, within the window that shows it once. */
export function Secret({ secret }: { secret: string }) {
  return (
    <>
      <DialogBody>
        <CodeBlock code={secret} label="Secret" wrap />
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button variant="primary">I have copied it</Button>
        </DialogClose>
      </DialogFooter>
    </>
  );
}
