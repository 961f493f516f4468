import { MoreHorizontal, RotateCw, Undo2 } from "lucide-react";
import type { InvitationOutput } from "@/api";
import type { Column } from "@/components/data-table";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";
import { ROLE_WORDS } from "../roles";

interface ColumnsOf {
  onResend: (invitation: InvitationOutput) => void;
  onWithdraw: (invitation: InvitationOutput) => void;
}

export function invitationColumns({ onResend, onWithdraw }: ColumnsOf): Column<InvitationOutput>[] {
  return [
    { id: "email", header: "Address", width: "minmax(0,2fr)", cell: (row) => <Address invitation={row} /> },
    { id: "role", header: "Role", width: "5rem", cell: ({ role }) => ROLE_WORDS[role] },
    {
      id: "link",
      header: "Link",
      width: "8rem",
      from: 720,
      cell: ({ mailed }) => (mailed ? "Mailed" : "Handed over"),
    },
    {
      id: "sent",
      header: "Invited",
      width: "6.5rem",
      from: 620,
      cell: ({ created_at }) => <TimeAgo time={created_at} />,
    },
    {
      id: "expires",
      header: "Expires",
      width: "6.5rem",
      from: 420,
      cell: ({ expires_at }) => <TimeAgo time={expires_at} />,
    },
    {
      id: "end",
      header: "",
      width: "2rem",
      align: "end",
      cell: (row) => (
        <Menu invitation={row} onResend={() => onResend(row)} onWithdraw={() => onWithdraw(row)} />
      ),
    },
  ];
}

function Address({
  invitation: { email, invited_by_name, invited_by_email },
}: {
  invitation: InvitationOutput;
}) {
  const by = invited_by_name ?? invited_by_email;
  return (
    <div className="leading-tight">
      <p className="truncate font-medium">{email}</p>
      {by && <p className="truncate text-muted-foreground text-xs">By {by}</p>}
    </div>
  );
}

interface MenuProps {
  invitation: InvitationOutput;
  onResend: () => void;
  onWithdraw: () => void;
}

function Menu({ invitation: { email, mailed }, onResend, onWithdraw }: MenuProps) {
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="ghost" size="icon-sm" aria-label={`Invitation of ${email}`}>
          <MoreHorizontal />
        </Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent align="end">
        <DropdownMenuItem onSelect={onResend}>
          <RotateCw aria-hidden /> {mailed ? "Send a new link" : "Make a new link"}
        </DropdownMenuItem>
        <DropdownMenuItem danger onSelect={onWithdraw}>
          <Undo2 aria-hidden /> Revoke
        </DropdownMenuItem>
      </DropdownMenuContent>
    </DropdownMenu>
  );
}
