import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import {
  getConnection,
  type IntegrationDetailOutput,
  type OfferedScopeOutput,
  reauthorizeConnection,
} from "@/api";
import { InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { refreshConnections } from "../connect/refresh";
import { ScopeChoice, usualScopes } from "../connect/scope-choice";
import { useAuthorization } from "../connect/use-authorization";
import { Waiting } from "../connect/waiting";
import type { WindowProps } from "./window";

interface ReauthorizeDialogProps extends WindowProps {
  /** Scopes that something needs: they are asked for unless the user takes them out. */
  needed?: readonly string[];
}

/** Sends the owner to the service again: after the grant has gone, or for more permissions. */
export function ReauthorizeDialog({ open, onOpenChange, service, ...rest }: ReauthorizeDialogProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      {open && service && (
        <DialogContent
          title={`Re-authorize “${rest.connection.name}”`}
          description={`Sign in at ${service.name} with the same account. The connection keeps its id.`}
          onInteractOutside={(event) => event.preventDefault()}
        >
          <Reauthorize {...rest} service={service} close={() => onOpenChange(false)} />
        </DialogContent>
      )}
    </Dialog>
  );
}

interface ReauthorizeProps extends Pick<ReauthorizeDialogProps, "connection" | "needed"> {
  service: IntegrationDetailOutput;
  close: () => void;
}

function Reauthorize({ connection, service, needed = [], close }: ReauthorizeProps) {
  const more = withNeeded(service.scopes, needed).filter(({ name }) => !connection.scopes.includes(name));
  const [scopes, setScopes] = useState(() => usualScopes(more));
  const authorization = useReauthorization(connection, [...scopes], close);
  const { state, start } = authorization;
  if (state.step !== "idle")
    return (
      <DialogBody>
        <Waiting service={service.name} authorization={authorization} />
      </DialogBody>
    );
  return (
    <>
      <DialogBody className="flex flex-col gap-4 empty:hidden">
        {more.length > 0 && (
          <>
            <p className="text-muted-foreground">What it may do already, it asks for again. Besides:</p>
            <ScopeChoice offered={more} chosen={scopes} onChange={setScopes} />
          </>
        )}
        <InlineError error={state.error} />
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <Button variant="primary" onClick={start}>
          Continue to {service.name}
        </Button>
      </DialogFooter>
    </>
  );
}

/** What the service offers, in which what is needed is asked for. */
function withNeeded(offered: OfferedScopeOutput[], needed: readonly string[]): OfferedScopeOutput[] {
  const unknown = needed.filter((name) => !offered.some((scope) => scope.name === name));
  return [
    ...offered.map((scope) => ({ ...scope, asked_for: scope.asked_for || needed.includes(scope.name) })),
    ...unknown.map((name) => ({ name, description: null, asked_for: true })),
  ];
}

function useReauthorization(
  { id, status, status_since, workspace_id }: WindowProps["connection"],
  scopes: string[],
  close: () => void,
) {
  const client = useQueryClient();
  const path = { connection_id: id };
  return useAuthorization({
    workspaceId: workspace_id,
    async begin(addresses) {
      const body = { ...addresses, scopes: scopes.length > 0 ? scopes : undefined };
      return (await reauthorizeConnection({ path, body, throwOnError: true })).data;
    },
    async look() {
      // One that worked before looks the same afterwards; then the popup alone can tell.
      const { data } = await getConnection({ path, throwOnError: true });
      const changed = data.status !== status || data.status_since !== status_since;
      return changed && data.status === "active" ? id : undefined;
    },
    onConnected() {
      toast.success("Authorized again.");
      void refreshConnections(client);
      close();
    },
  });
}
