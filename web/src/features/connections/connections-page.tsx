import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useEffect } from "react";
import { toast } from "sonner";
import { useWorkspace } from "@/app/session";
import { InlineError } from "@/components/error-state";
import { GuardedButton } from "@/components/guarded-button";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { Button } from "@/components/ui/button";
import { useSearchPatch } from "@/components/use-search-patch";
import { ConnectDialog } from "./connect-dialog";
import { ConnectionFilters } from "./list/connection-filters";
import { ConnectionTable } from "./list/connection-table";
import { SectionTabs } from "./list/section-tabs";
import { PopupEnd } from "./popup-end";
import { useConnectRight } from "./rights";

const FROM = "/w/$workspaceId/connections";

export function ConnectionsPage() {
  const { popup, connection_id, error, error_description } = useSearch({ from: FROM });
  if (popup) return <PopupEnd attempt={popup} outcome={{ connection_id, error, error_description }} />;
  return <Connections />;
}

function Connections() {
  const { id: workspaceId } = useWorkspace();
  const search = useSearch({ from: FROM });
  const patch = useSearchPatch();
  const navigate = useNavigate();
  const right = useConnectRight();
  useReturnFromService();
  const show = (connectionId: string) =>
    void navigate({
      to: "/w/$workspaceId/connections/$connectionId",
      params: { workspaceId, connectionId },
    });
  return (
    <Page fill>
      <PageHeader
        title="Connections"
        actions={
          <GuardedButton variant="primary" {...right} onClick={() => patch({ connect: "new" })}>
            <Plus /> Connect
          </GuardedButton>
        }
      />
      <SectionTabs workspaceId={workspaceId} />
      {search.error && (
        <div className="flex items-start gap-2">
          <InlineError error={new Error(search.error_description ?? search.error)} className="flex-1" />
          <Button variant="ghost" onClick={() => patch({ error: undefined, error_description: undefined })}>
            Dismiss
          </Button>
        </div>
      )}
      <ConnectionFilters workspaceId={workspaceId} search={search} />
      <ConnectionTable workspaceId={workspaceId} search={search} onOpen={show} />
      <ConnectDialog
        workspaceId={workspaceId}
        integrationSlug={search.connect === "new" ? undefined : search.connect}
        open={Boolean(search.connect) && right.allowed}
        onOpenChange={(open) => !open && patch({ connect: undefined })}
        onConnected={(connectionId) => {
          toast.success("Connected.");
          show(connectionId);
        }}
      />
    </Page>
  );
}

/** Whoever went to a service in this window comes back here, and goes on to the connection. */
function useReturnFromService() {
  const { connection_id } = useSearch({ from: FROM });
  const { id: workspaceId } = useWorkspace();
  const navigate = useNavigate();
  useEffect(() => {
    if (!connection_id) return;
    toast.success("Connected.", { id: connection_id });
    void navigate({
      to: "/w/$workspaceId/connections/$connectionId",
      params: { workspaceId, connectionId: connection_id },
      replace: true,
    });
  }, [connection_id, workspaceId, navigate]);
}
