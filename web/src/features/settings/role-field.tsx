import type { Role } from "@/api";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/input";
import { ROLE_WORDS, ROLES, WORKSPACE_ROLE_HINTS } from "./roles";

interface RoleFieldProps {
  value: Role;
  onChange: (role: Role) => void;
  /** The roles that the user may give. */
  grant: readonly Role[];
}

/** A role in the workspace, for somebody new. */
export function RoleField({ value, onChange, grant }: RoleFieldProps) {
  return (
    <Field label="Role" hint={`${WORKSPACE_ROLE_HINTS[value]}.`}>
      <Select value={value} onChange={(event) => onChange(event.target.value as Role)}>
        {ROLES.map((role) => (
          <option key={role} value={role} disabled={!grant.includes(role)}>
            {ROLE_WORDS[role]}
            {grant.includes(role) ? "" : " (more than your own role)"}
          </option>
        ))}
      </Select>
    </Field>
  );
}
