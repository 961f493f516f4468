import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { KeyRound, Plus } from "lucide-react";
import { useCallback, useId, useMemo, useState } from "react";
import { type ApiKeyOutput, listApiKeysInfiniteOptions } from "@/api";
import { useRoleAtLeast, useWorkspaces } from "@/app/session";
import { DataTable, pagesOf } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { GuardedButton } from "@/components/guarded-button";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { Switch } from "@/components/ui/checkbox";
import { Label } from "@/components/ui/field";
import { useSearchPatch } from "@/components/use-search-patch";
import { useShortcut } from "@/lib/shortcuts";
import { CreateKeyDialog } from "./create/create-key-dialog";
import { keyColumns } from "./key-columns";
import { KeyDrawer } from "./key-drawer";
import { RevokeKeyDialog } from "./revoke-key-dialog";

const FROM = "/w/$workspaceId/api-keys";

/** Keys by which programs act as the user. */
export function APIKeysPage() {
  const { create } = useSearch({ from: FROM });
  const patch = useSearchPatch();
  const right = useKeyRight();
  useShortcut({ keys: "c", label: "Create a key", run: () => right.allowed && patch({ create: "key" }) });
  return (
    <Page fill>
      <PageHeader
        title="API keys"
        description="A key lets your own program call Portway as you, within what you allow it."
        actions={<CreateButton />}
      />
      <Keys />
      <CreateKeyDialog
        open={create !== undefined && right.allowed}
        onOpenChange={(open) => !open && patch({ create: undefined })}
      />
    </Page>
  );
}

function useKeyRight() {
  return {
    allowed: useRoleAtLeast("member"),
    why: "Viewers have no keys for this workspace. Ask an admin of it for another role.",
  };
}

function CreateButton() {
  const patch = useSearchPatch();
  const right = useKeyRight();
  return (
    <GuardedButton variant="primary" {...right} onClick={() => patch({ create: "key" })}>
      <Plus /> Create a key
    </GuardedButton>
  );
}

function Keys() {
  const { revoked, key: openKey } = useSearch({ from: FROM });
  const patch = useSearchPatch();
  const [revoking, setRevoking] = useState<ApiKeyOutput>();
  const nameOf = useWorkspaceName();
  const found = useInfiniteQuery({
    ...listApiKeysInfiniteOptions({ query: { include_revoked: revoked !== undefined, limit: 100 } }),
    initialPageParam: {},
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.data), [found.data]);
  const columns = useMemo(() => keyColumns({ nameOf, onRevoke: setRevoking }), [nameOf]);
  return (
    <>
      <ShowRevoked shown={revoked !== undefined} />
      <DataTable
        label="API keys"
        rows={rows}
        columns={columns}
        rowKey={({ id }) => id}
        rowHeight={52}
        onOpen={({ id }) => patch({ key: id })}
        openKey={openKey}
        {...pagesOf(found)}
        empty={<NoKeys />}
      />
      <KeyDrawer
        id={openKey}
        known={rows?.find(({ id }) => id === openKey)}
        nameOf={nameOf}
        onRevoke={setRevoking}
        onClose={() => patch({ key: undefined })}
      />
      <RevokeKeyDialog apiKey={revoking} onClose={() => setRevoking(undefined)} />
    </>
  );
}

function ShowRevoked({ shown }: { shown: boolean }) {
  const patch = useSearchPatch();
  const id = useId();
  return (
    <div className="flex items-center gap-2">
      <Switch
        id={id}
        checked={shown}
        onCheckedChange={(checked) => patch({ revoked: checked ? "shown" : undefined })}
      />
      <Label htmlFor={id} className="font-normal text-muted-foreground">
        Revoked ones too
      </Label>
    </div>
  );
}

function useWorkspaceName(): (id: string) => string {
  const all = useWorkspaces();
  return useCallback((id) => all.find((each) => each.id === id)?.name ?? "Another workspace", [all]);
}

function NoKeys() {
  return (
    <EmptyState
      icon={KeyRound}
      title="No keys yet"
      description="Your server or script sends a key with each call, as “Authorization: Bearer …”. Give each its own, with no more than it needs, so that one can be revoked without the others."
      action={<CreateButton />}
    />
  );
}
