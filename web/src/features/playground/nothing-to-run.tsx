import { SquareTerminal } from "lucide-react";
import { useState } from "react";
import { EmptyState } from "@/components/empty-state";
import { GuardedButton } from "@/components/guarded-button";
import { useSearchPatch } from "@/components/use-search-patch";
import { ConnectDialog } from "@/features/connections/connect-dialog";
import { useConnectRight } from "@/features/connections/rights";

interface NothingToRunProps {
  workspaceId: string;
  integration: string | undefined;
}

/** There is no connection of the user's own that an action could be run with. */
export function NothingToRun({ workspaceId, integration }: NothingToRunProps) {
  const [open, setOpen] = useState(false);
  const patch = useSearchPatch();
  const right = useConnectRight();
  return (
    <div className="rounded-lg border bg-card">
      <EmptyState
        icon={SquareTerminal}
        title={integration ? "Connect this service first" : "Connect a service first"}
        description="Actions run with a connection of your own: an account of the service, signed in or with a key."
        action={
          <GuardedButton variant="primary" {...right} onClick={() => setOpen(true)}>
            Connect
          </GuardedButton>
        }
      />
      <ConnectDialog
        workspaceId={workspaceId}
        integrationSlug={integration}
        open={open}
        onOpenChange={setOpen}
        onConnected={(connection) => patch({ connection })}
      />
    </div>
  );
}
