import { useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { type ApiKeyOutput, revokeApiKey } from "@/api";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { refreshKeys } from "./refresh";

interface RevokeKeyDialogProps {
  apiKey: ApiKeyOutput | undefined;
  onClose: () => void;
}

export function RevokeKeyDialog({ apiKey, onClose }: RevokeKeyDialogProps) {
  const client = useQueryClient();
  async function revoke() {
    if (!apiKey) return;
    await revokeApiKey({ path: { api_key_id: apiKey.id }, throwOnError: true });
    toast.success(`“${apiKey.name}” is revoked.`);
    await refreshKeys(client, apiKey.id);
  }
  return (
    <ConfirmDialog
      open={apiKey !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={`Revoke “${apiKey?.name ?? ""}”?`}
      description="Whatever uses this key is refused from its next call on. That cannot be undone; make a new key instead."
      action="Revoke key"
      onConfirm={revoke}
    />
  );
}
