import { ChevronDown, LogOut, UserMinus } from "lucide-react";
import type { Role } from "@/api";
import { Button } from "@/components/ui/button";
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuLabel,
  DropdownMenuRadioGroup,
  DropdownMenuRadioItem,
  DropdownMenuSeparator,
  DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";
import { type MembershipRights, ROLE_WORDS } from "../roles";

interface RoleMenuProps {
  /** Whose role it is. */
  person: string;
  role: Role;
  /** All roles there are, in order, with what each may do. */
  hints: Partial<Record<Role, string>>;
  rights: MembershipRights;
  isSelf: boolean;
  /** What they are taken out of: "workspace". */
  of: string;
  onChange: (role: Role) => void;
  onRemove: () => void;
}

/** A member's role; its menu gives another one, or takes them out. What may not be done is there, and says why. */
export function RoleMenu({ person, role, hints, rights, isSelf, of, onChange, onRemove }: RoleMenuProps) {
  return (
    <DropdownMenu modal={false}>
      <DropdownMenuTrigger asChild>
        <Button
          variant="ghost"
          size="sm"
          className="-ml-2 text-sm"
          aria-label={`${ROLE_WORDS[role]}: role of ${person}`}
        >
          {ROLE_WORDS[role]}
          <ChevronDown aria-hidden />
        </Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent align="start" className="w-72">
        {rights.why && <DropdownMenuLabel>{rights.why}</DropdownMenuLabel>}
        <DropdownMenuRadioGroup
          value={role}
          onValueChange={(next) => next !== role && onChange(next as Role)}
        >
          {(Object.entries(hints) as [Role, string][]).map(([each, hint]) => (
            <DropdownMenuRadioItem key={each} value={each} disabled={!rights.roles.includes(each)}>
              {ROLE_WORDS[each]}
              <span className="block truncate whitespace-normal text-muted-foreground text-xs">{hint}</span>
            </DropdownMenuRadioItem>
          ))}
        </DropdownMenuRadioGroup>
        <DropdownMenuSeparator />
        <DropdownMenuItem danger disabled={!rights.remove.allowed} onSelect={onRemove}>
          {isSelf ? <LogOut aria-hidden /> : <UserMinus aria-hidden />}
          {isSelf ? `Leave the ${of}` : `Remove from the ${of}`}
        </DropdownMenuItem>
      </DropdownMenuContent>
    </DropdownMenu>
  );
}
