"""Rule: what a role lets somebody do, said beforehand. The database and every use case judge again."""

from dataclasses import dataclass

from portway.domain.organization import Organization, Role, Workspace
from portway.domain.principal import Principal, Scope
from portway.domain.rules.tenancy import STRENGTH, at_least


@dataclass(frozen=True, slots=True)
class WorkspaceRights:
    """What the caller may do in a workspace. `grant` are the roles that they may give to others."""

    rename: bool
    delete: bool
    manage_members: bool
    connect: bool
    execute: bool
    read_logs: bool
    grant: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class OrganizationRights:
    """What the caller may do in an organization. `change_roles` are those of its members."""

    rename: bool
    delete: bool
    manage_members: bool
    change_roles: bool
    create_workspaces: bool
    edit_catalog: bool
    manage_webhooks: bool


def workspace_rights(workspace: Workspace, principal: Principal) -> WorkspaceRights:
    """An owner or admin of the organization administers its workspaces, but works in those alone that they are in."""
    administrator = administering_role(workspace) if Scope.ADMIN in principal.scopes else None
    is_admin = at_least(administrator, Role.ADMIN)
    works = at_least(workspace.role, Role.MEMBER)
    return WorkspaceRights(
        rename=is_admin,
        delete=at_least(administrator, Role.OWNER),
        manage_members=is_admin,
        connect=works and Scope.CONNECTIONS_WRITE in principal.scopes,
        execute=works and Scope.EXECUTE in principal.scopes,
        read_logs=workspace.role is not None and Scope.LOGS_READ in principal.scopes,
        grant=tuple(role for role in STRENGTH if is_admin and at_least(administrator, role)),
    )


def organization_rights(organization: Organization, principal: Principal) -> OrganizationRights:
    """A key that is limited to a workspace has none of these."""
    role = organization.role if principal.workspace_id is None else None
    is_admin = at_least(role, Role.ADMIN) and Scope.ADMIN in principal.scopes
    is_owner = at_least(role, Role.OWNER) and Scope.ADMIN in principal.scopes
    return OrganizationRights(
        rename=is_admin,
        delete=is_owner,
        manage_members=is_admin,
        change_roles=is_owner,
        create_workspaces=is_admin,
        edit_catalog=at_least(role, Role.ADMIN) and Scope.CATALOG_WRITE in principal.scopes,
        manage_webhooks=is_admin,
    )


def administering_role(workspace: Workspace) -> Role | None:
    """The caller's own role there, or the organization's where that administers and is stronger."""
    above = workspace.organization_role
    if at_least(above, Role.ADMIN) and not at_least(workspace.role, above or Role.ADMIN):
        return above
    return workspace.role
