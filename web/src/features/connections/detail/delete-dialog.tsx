import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { toast } from "sonner";
import { deleteConnection, getConnectionQueryKey, type RevocationOutput } from "@/api";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { refreshConnections } from "../connect/refresh";
import type { WindowProps } from "./window";

/** Deletes the connection, and tells what became of its grant at the service. */
export function DeleteDialog({ connection, open, onOpenChange }: WindowProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { id, name, integration_name, workspace_id } = connection;
  async function remove() {
    const { data } = await deleteConnection({
      path: { connection_id: id },
      query: { report: true },
      throwOnError: true,
    });
    tell(integration_name, data as RevocationOutput);
    await navigate({ to: "/w/$workspaceId/connections", params: { workspaceId: workspace_id } });
    client.removeQueries({ queryKey: getConnectionQueryKey({ path: { connection_id: id } }) });
    await refreshConnections(client);
  }
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Delete “${name}”?`}
      description={`Its credential is erased, and its access is revoked at ${integration_name} where that can be done. Calls that use it fail from now on. Its executions stay in the log.`}
      action="Delete connection"
      onConfirm={remove}
    />
  );
}

function tell(service: string, { revocation, detail }: RevocationOutput): void {
  switch (revocation) {
    case "revoked":
      toast.success(`Deleted, and ${service} has revoked its access.`);
      break;
    case "nothing_to_revoke":
      toast.success(`Deleted. There was nothing to revoke at ${service}.`);
      break;
    case "pending":
      toast.success(`Deleted. ${service} has not said yet whether it revoked the access.`);
      break;
    case "failed":
      toast.warning(`Deleted here, but ${service} did not revoke its access.`, {
        description: `${detail ?? ""} Remove it there as well.`.trim(),
        duration: Number.POSITIVE_INFINITY,
      });
  }
}
