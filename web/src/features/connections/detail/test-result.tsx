import { problemOf } from "@/api";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Refusal } from "../connect/refusal";

interface TestResultProps {
  error: unknown;
  service: string;
  onClose: () => void;
}

/** Why a test went wrong, in the service's own words. */
export function TestResult({ error, service, onClose }: TestResultProps) {
  return (
    <Dialog open={Boolean(error)} onOpenChange={(open) => !open && onClose()}>
      <DialogContent title="The test failed">
        <DialogBody>{Boolean(error) && <Refusal problem={problemOf(error)} service={service} />}</DialogBody>
        <DialogFooter>
          <DialogClose asChild>
            <Button>Close</Button>
          </DialogClose>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
