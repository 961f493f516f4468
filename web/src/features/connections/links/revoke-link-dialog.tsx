import { useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { type ConnectLinkOutput, revokeConnectLink } from "@/api";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { refreshConnections } from "../connect/refresh";

interface RevokeLinkDialogProps {
  link: ConnectLinkOutput | undefined;
  onClose: () => void;
}

export function RevokeLinkDialog({ link, onClose }: RevokeLinkDialogProps) {
  const client = useQueryClient();
  async function revoke() {
    if (!link) return;
    await revokeConnectLink({ path: { link_id: link.id }, throwOnError: true });
    toast.success("Revoked.");
    await refreshConnections(client);
  }
  return (
    <ConfirmDialog
      open={link !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title="Revoke this link?"
      description="It leads nowhere from now on, also for whoever has begun to use it. You can make another one."
      action="Revoke link"
      onConfirm={revoke}
    />
  );
}
