import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { getIntegrationOptions } from "@/api";
import { ServiceLogo } from "@/components/service-logo";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { ConnectForm } from "./connect/connect-form";
import { refreshConnections } from "./connect/refresh";
import { ServicePicker } from "./connect/service-picker";
import { useIsTrying } from "./connect/trying";

interface ConnectDialogProps {
  workspaceId: string;
  /** Which service; without it, the user chooses one. */
  integrationSlug?: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** Where popups are blocked, the browser ends on the new connection's page instead. */
  onConnected: (connectionId: string) => void;
}

/** Connects an account of a service: chooses the service, then signs in there or takes a key. */
export function ConnectDialog({ open, onOpenChange, ...rest }: ConnectDialogProps) {
  const busy = useIsTrying();
  return (
    <Dialog open={open} onOpenChange={(next) => !busy && onOpenChange(next)}>
      {open && <Steps close={() => onOpenChange(false)} {...rest} />}
    </Dialog>
  );
}

type StepsProps = Omit<ConnectDialogProps, "open" | "onOpenChange"> & { close: () => void };

function Steps({ workspaceId, integrationSlug, close, onConnected }: StepsProps) {
  const client = useQueryClient();
  const [chosen, setChosen] = useState(integrationSlug);
  const busy = useIsTrying();
  function finish(connectionId: string) {
    void refreshConnections(client);
    close();
    onConnected(connectionId);
  }
  if (!chosen)
    return (
      <DialogContent title="Connect a service">
        <ServicePicker workspaceId={workspaceId} onPick={({ slug }) => setChosen(slug)} />
      </DialogContent>
    );
  return (
    <DialogContent
      title={<Title workspaceId={workspaceId} slug={chosen} />}
      // Whoever has typed a key does not lose it by a click beside the window.
      onInteractOutside={(event) => event.preventDefault()}
    >
      <ConnectForm
        slug={chosen}
        workspaceId={workspaceId}
        onConnected={finish}
        footer={
          integrationSlug ? (
            <Button onClick={close} disabled={busy}>
              Cancel
            </Button>
          ) : (
            <Button onClick={() => setChosen(undefined)} disabled={busy}>
              Back
            </Button>
          )
        }
      />
    </DialogContent>
  );
}

function Title({ workspaceId, slug }: { workspaceId: string; slug: string }) {
  const { data } = useQuery(getIntegrationOptions({ path: { slug }, query: { workspace_id: workspaceId } }));
  return (
    <span className="flex items-center gap-2.5">
      <ServiceLogo slug={slug} name={data?.name ?? slug} className="size-7" />
      <span>Connect {data?.name ?? "…"}</span>
    </span>
  );
}
