import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { type IntegrationDetailOutput, problemOf, replaceCredentials } from "@/api";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { isElsewhere } from "@/lib/faults";
import { focusFirst } from "../connect/focus-first";
import { HelpLinks } from "../connect/help-links";
import { refreshConnections } from "../connect/refresh";
import { Refusal } from "../connect/refusal";
import { SchemaFields } from "../connect/schema-fields";
import { type Entered, flatSchema, pointersOf, valuesOf } from "../connect/schema-object";
import { TRYING, useIsTrying } from "../connect/trying";
import type { WindowProps } from "./window";

/** A new key for the same connection, tried at the service before the old one goes. */
export function ReplaceCredentialDialog({ open, onOpenChange, service, connection }: WindowProps) {
  const busy = useIsTrying();
  return (
    <Dialog open={open} onOpenChange={(next) => !busy && onOpenChange(next)}>
      {open && service && (
        <DialogContent
          title={`Replace the credential of “${connection.name}”`}
          description="The new one is tried first. Until it is accepted, the old one stays."
          onInteractOutside={(event) => event.preventDefault()}
        >
          <ReplaceForm connection={connection} service={service} close={() => onOpenChange(false)} />
        </DialogContent>
      )}
    </Dialog>
  );
}

interface ReplaceFormProps extends Pick<WindowProps, "connection"> {
  service: IntegrationDetailOutput;
  close: () => void;
}

function ReplaceForm({ connection, service, close }: ReplaceFormProps) {
  const client = useQueryClient();
  const [entered, setEntered] = useState<Entered>({});
  const schema = flatSchema(service.credential_schema);
  const replace = useMutation({
    mutationKey: TRYING,
    mutationFn: () =>
      replaceCredentials({
        path: { connection_id: connection.id },
        body: { credentials: valuesOf(schema, entered) },
        throwOnError: true,
      }),
    onSuccess: () => {
      toast.success("Replaced.");
      void refreshConnections(client);
    },
  });
  const problem = replace.error ? problemOf(replace.error) : undefined;
  const faults = problem?.faultsAt("/credentials") ?? new Map<string, string>();
  const shown = pointersOf("/credentials", schema);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (client.isMutating({ mutationKey: TRYING })) return;
    replace.mutate(undefined, { onSuccess: close });
  }
  return (
    <form ref={focusFirst} onSubmit={submit} className="flex min-h-0 flex-col" autoComplete="off">
      <DialogBody className="flex flex-col gap-4">
        <SchemaFields schema={schema} entered={entered} onChange={setEntered} faults={faults} />
        {problem && (
          <Refusal problem={problem} service={service.name} placed={!isElsewhere(problem, shown)} />
        )}
        <HelpLinks integration={service} />
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button disabled={replace.isPending}>Cancel</Button>
        </DialogClose>
        <Button type="submit" variant="primary" busy={replace.isPending}>
          {replace.isPending ? "Trying it …" : "Replace"}
        </Button>
      </DialogFooter>
    </form>
  );
}
