import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { createWorkspace, deleteWorkspace, renameWorkspace, type WorkspaceOutput } from "@/api";
import { organizationsOptions, useWorkspace, workspacesOptions } from "@/app/session";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { DataTable } from "@/components/data-table";
import { GuardedButton } from "@/components/guarded-button";
import { Page } from "@/components/page";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/input";
import { useSearchPatch } from "@/components/use-search-patch";
import { useGoOn, useRefreshTenancy } from "../leave";
import { NameDialog } from "../name-dialog";
import { SettingsHeader } from "../settings-header";
import { workspaceColumns } from "./workspace-columns";

/** The workspaces that the user sees, of all their organizations. */
export function WorkspacesPage() {
  const { create } = useSearch({ from: "/w/$workspaceId/settings/workspaces" });
  const patch = useSearchPatch();
  const administered = useAdministered();
  return (
    <Page fill>
      <SettingsHeader
        title="Workspaces"
        description="Each has its own connections, members and logs: one for production and one for trying out, say."
        actions={
          <GuardedButton
            variant="primary"
            allowed={administered.length > 0}
            why="Owners and admins of the organization make workspaces."
            onClick={() => patch({ create: "workspace" })}
          >
            <Plus /> New workspace
          </GuardedButton>
        }
      />
      <Workspaces />
      {administered.length > 0 && (
        <CreateDialog
          open={create !== undefined}
          onOpenChange={(open) => !open && patch({ create: undefined })}
          organizations={administered}
        />
      )}
    </Page>
  );
}

/** The organizations in which the user may make workspaces, this page's first. */
function useAdministered() {
  const { organization_id } = useWorkspace();
  const { data = [] } = useQuery(organizationsOptions());
  const found = data.filter(({ can }) => can.create_workspaces);
  return found.sort((one, other) => rank(one.id) - rank(other.id));
  function rank(id: string): number {
    return id === organization_id ? 0 : 1;
  }
}

function Workspaces() {
  const here = useWorkspace();
  const navigate = useNavigate();
  const found = useQuery(workspacesOptions());
  const refresh = useRefreshTenancy();
  const goOn = useGoOn();
  const [renaming, setRenaming] = useState<WorkspaceOutput>();
  const [deleting, setDeleting] = useState<WorkspaceOutput>();
  const severalOrganizations = new Set(found.data?.map((each) => each.organization_id)).size > 1;
  const columns = workspaceColumns({
    hereId: here.id,
    severalOrganizations,
    onRename: setRenaming,
    onDelete: setDeleting,
  });
  const open = ({ id }: WorkspaceOutput) =>
    void navigate({ to: "/w/$workspaceId/home", params: { workspaceId: id } });
  async function remove() {
    if (!deleting) return;
    await deleteWorkspace({ path: { workspace_id: deleting.id }, throwOnError: true });
    toast.success(`${deleting.name} is deleted.`);
    await goOn(({ id }) => id === deleting.id);
  }
  return (
    <>
      <DataTable
        label="Workspaces"
        rows={found.data}
        columns={columns}
        rowKey={({ id }) => id}
        onOpen={open}
        error={found.error}
        onRetry={() => void found.refetch()}
      />
      <NameDialog
        open={renaming !== undefined}
        onOpenChange={(next) => !next && setRenaming(undefined)}
        title="Rename the workspace"
        action="Rename"
        name={renaming?.name}
        onSubmit={async (name) => {
          if (!renaming) return;
          await renameWorkspace({ path: { workspace_id: renaming.id }, body: { name }, throwOnError: true });
          await refresh();
        }}
      />
      <ConfirmDialog
        open={deleting !== undefined}
        onOpenChange={(next) => !next && setDeleting(undefined)}
        title={`Delete “${deleting?.name ?? ""}”?`}
        description="Its connections and their credentials are erased, its members lose access, and keys limited to it stop working. Its audit log stays. This cannot be undone."
        action="Delete workspace"
        typeToConfirm={deleting?.name}
        onConfirm={remove}
      />
    </>
  );
}

interface CreateDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  organizations: readonly { id: string; name: string }[];
}

function CreateDialog({ organizations, ...dialog }: CreateDialogProps) {
  const [chosen, setChosen] = useState<string>();
  const navigate = useNavigate();
  const refresh = useRefreshTenancy();
  const organization_id = chosen ?? organizations[0]?.id ?? "";
  async function create(name: string) {
    const { data } = await createWorkspace({ body: { organization_id, name }, throwOnError: true });
    await refresh();
    toast.success(`${data.name} is there.`, {
      action: {
        label: "Open",
        onClick: () => void navigate({ to: "/w/$workspaceId/home", params: { workspaceId: data.id } }),
      },
    });
  }
  return (
    <NameDialog {...dialog} title="New workspace" action="Create" onSubmit={create}>
      {organizations.length > 1 && (
        <Field label="Organization">
          <Select value={organization_id} onChange={(event) => setChosen(event.target.value)}>
            {organizations.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
      )}
    </NameDialog>
  );
}
