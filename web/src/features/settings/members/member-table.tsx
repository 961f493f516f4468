import { useState } from "react";
import { toast } from "sonner";
import { problemOf, type Role } from "@/api";
import { useSession } from "@/app/session";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { type Column, DataTable, type pagesOf } from "@/components/data-table";
import { TimeAgo } from "@/components/time-ago";
import type { MembershipRights } from "../roles";
import { Person } from "./person";
import { RoleMenu } from "./role-menu";

export interface Member {
  user_id: string;
  email: string | null;
  name: string | null;
  role: Role;
  created_at: string;
}

interface MemberTableProps {
  label: string;
  /** What they are members of, in a word. */
  of: "workspace" | "organization";
  members: readonly Member[] | undefined;
  /** All of them are loaded. */
  complete: boolean;
  hints: Partial<Record<Role, string>>;
  rightsOver: (member: { role: Role; isSelf: boolean; isLastOwner: boolean }) => MembershipRights;
  onRole: (member: Member, role: Role) => Promise<unknown>;
  onRemove: (member: Member, isSelf: boolean) => Promise<unknown>;
  /** What else is lost with a membership. */
  removal: string;
  pages: ReturnType<typeof pagesOf>;
}

export function MemberTable(props: MemberTableProps) {
  const { label, of, members, onRemove, removal } = props;
  const { id: ownId } = useSession();
  const [removing, setRemoving] = useState<Member>();
  const columns = useMemberColumns(props, setRemoving);
  const isSelf = removing?.user_id === ownId;
  const shown = removing?.name ?? removing?.email ?? "this person";
  return (
    <>
      <DataTable
        label={label}
        rows={members}
        columns={columns}
        rowKey={({ user_id }) => user_id}
        rowHeight={52}
        {...props.pages}
      />
      <ConfirmDialog
        open={removing !== undefined}
        onOpenChange={(open) => !open && setRemoving(undefined)}
        title={isSelf ? `Leave the ${of}?` : `Remove ${shown}?`}
        description={removal}
        action={isSelf ? `Leave the ${of}` : "Remove"}
        onConfirm={async () => removing && onRemove(removing, isSelf)}
      />
    </>
  );
}

function useMemberColumns(
  { of, members, complete, hints, rightsOver, onRole }: MemberTableProps,
  onRemove: (member: Member) => void,
): Column<Member>[] {
  const { id: ownId } = useSession();
  const owners = members?.filter(({ role }) => role === "owner").length ?? 0;
  async function give(member: Member, role: Role) {
    try {
      await onRole(member, role);
      toast.success(`${member.name ?? member.email ?? "The member"} has the new role.`);
    } catch (error) {
      toast.error(problemOf(error).detail);
    }
  }
  return [
    {
      id: "person",
      header: "Person",
      width: "minmax(0,2fr)",
      cell: ({ user_id, name, email }) => <Person name={name} email={email} isSelf={user_id === ownId} />,
    },
    {
      id: "role",
      header: "Role",
      width: "7rem",
      cell: (member) => {
        const isSelf = member.user_id === ownId;
        const isLastOwner = complete && member.role === "owner" && owners === 1;
        return (
          <RoleMenu
            person={member.name ?? member.email ?? "this person"}
            role={member.role}
            hints={hints}
            rights={rightsOver({ role: member.role, isSelf, isLastOwner })}
            isSelf={isSelf}
            of={of}
            onChange={(role) => void give(member, role)}
            onRemove={() => onRemove(member)}
          />
        );
      },
    },
    {
      id: "since",
      header: "Since",
      width: "7rem",
      from: 480,
      cell: ({ created_at }) => <TimeAgo time={created_at} />,
    },
  ];
}
