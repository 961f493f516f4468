import { MoreHorizontal, Pencil, Trash2 } from "lucide-react";
import type { WorkspaceOutput } from "@/api";
import { CopyId } from "@/components/copy-id";
import type { Column } from "@/components/data-table";
import { TimeAgo } from "@/components/time-ago";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuLabel,
  DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";
import { ROLE_WORDS } from "../roles";

interface ColumnsOf {
  hereId: string;
  /** The organization is worth saying. */
  severalOrganizations: boolean;
  onRename: (workspace: WorkspaceOutput) => void;
  onDelete: (workspace: WorkspaceOutput) => void;
}

export function workspaceColumns(options: ColumnsOf): Column<WorkspaceOutput>[] {
  const columns: Column<WorkspaceOutput>[] = [
    {
      id: "name",
      header: "Name",
      width: "minmax(0,1.6fr)",
      cell: ({ id, name }) => (
        <span className="flex min-w-0 items-center gap-2">
          <span className="truncate font-medium">{name}</span>
          {id === options.hereId && <Badge>This one</Badge>}
        </span>
      ),
    },
    {
      id: "role",
      header: "You are",
      width: "6.5rem",
      from: 420,
      cell: ({ role }) =>
        role ? ROLE_WORDS[role] : <span className="text-muted-foreground">Not a member</span>,
    },
    { id: "id", header: "Id", width: "9rem", from: 640, cell: ({ id }) => <CopyId id={id} short /> },
    {
      id: "created",
      header: "Created",
      width: "6.5rem",
      from: 760,
      cell: ({ created_at }) => <TimeAgo time={created_at} />,
    },
    {
      id: "end",
      header: "",
      width: "2rem",
      align: "end",
      cell: (row) => (
        <Menu workspace={row} onRename={() => options.onRename(row)} onDelete={() => options.onDelete(row)} />
      ),
    },
  ];
  if (options.severalOrganizations)
    columns.splice(1, 0, {
      id: "organization",
      header: "Organization",
      from: 560,
      cell: ({ organization_name }) => organization_name,
    });
  return columns;
}

interface MenuProps {
  workspace: WorkspaceOutput;
  onRename: () => void;
  onDelete: () => void;
}

function Menu({ workspace: { name, can }, onRename, onDelete }: MenuProps) {
  const why = can.rename ? "Only owners delete a workspace." : "Owners and admins rename, owners delete it.";
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="ghost" size="icon-sm" aria-label={`Workspace ${name}`}>
          <MoreHorizontal />
        </Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent align="end" className="max-w-60">
        {!can.delete && <DropdownMenuLabel>{why}</DropdownMenuLabel>}
        <DropdownMenuItem disabled={!can.rename} onSelect={onRename}>
          <Pencil aria-hidden /> Rename
        </DropdownMenuItem>
        <DropdownMenuItem danger disabled={!can.delete} onSelect={onDelete}>
          <Trash2 aria-hidden /> Delete
        </DropdownMenuItem>
      </DropdownMenuContent>
    </DropdownMenu>
  );
}
