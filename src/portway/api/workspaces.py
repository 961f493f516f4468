"""Workspaces and who belongs to them."""

from dataclasses import asdict
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, Field

from portway.api.identity import AdminPrincipal, CurrentPrincipal
from portway.api.pagination import DEFAULT_LIMIT, Cursor, Limit, after_id, page_of
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.api.wire import Input, Name, Output, Page
from portway.domain.organization import Role, Workspace
from portway.domain.principal import Principal
from portway.domain.rules.tenancy_rights import workspace_rights

router = new_router("/workspaces", "Workspaces")


class NewWorkspaceInput(Input):
    """A workspace of an organization that the caller administers."""

    organization_id: UUID
    name: Name


class WorkspaceInput(Input):
    """What a workspace is called."""

    name: Name


class WorkspaceRightsOutput(Output):
    """What the caller may do in a workspace. `grant` are the roles that they may give to others."""

    rename: bool
    delete: bool
    manage_members: bool = Field(description="Also to invite")
    connect: bool
    execute: bool = Field(description="With connections of one's own")
    read_logs: bool
    grant: list[Role]


class WorkspaceOutput(Output):
    """Where connections and logs live. `role` is the caller's own, null for an admin who is no member of it."""

    id: UUID
    organization_id: UUID
    organization_name: str
    name: str
    role: Role | None
    can: WorkspaceRightsOutput
    created_at: AwareDatetime


def workspace_output(workspace: Workspace, principal: Principal) -> WorkspaceOutput:
    """A workspace on the wire, as this caller sees it."""
    return WorkspaceOutput.model_validate(asdict(workspace) | {"can": workspace_rights(workspace, principal)})


class MemberInput(Input):
    """A member of the organization, and their role in the workspace."""

    user_id: UUID
    role: Role = Role.MEMBER


class RoleInput(Input):
    """A member's role from now on."""

    role: Role


class MemberOutput(Output):
    """A user's membership in a workspace."""

    workspace_id: UUID
    user_id: UUID
    email: str | None
    name: str | None
    role: Role
    created_at: AwareDatetime


@router.get("", responses=problem_responses())
async def list_workspaces(
    principal: CurrentPrincipal,
    services: CurrentServices,
    organization_id: Annotated[UUID | None, Query(description="Only this organization's")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[WorkspaceOutput]:
    """The workspaces that the caller belongs to or administers."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.workspaces.list(
            organization_id=organization_id, after=after_id(cursor), limit=limit + 1
        )
    return page_of(found, limit, partial(workspace_output, principal=principal), lambda row: (str(row.id),))


@router.post("", status_code=201, responses=problem_responses(403, 404, 413))
async def create_workspace(
    body: NewWorkspaceInput, principal: AdminPrincipal, services: CurrentServices
) -> WorkspaceOutput:
    """Makes a workspace; the caller owns it."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        workspace_id = await work.workspaces.create(body.organization_id, body.name)
        return workspace_output(await work.workspaces.get(workspace_id), principal)


@router.get("/{workspace_id}", responses=problem_responses(404))
async def get_workspace(
    workspace_id: UUID, principal: CurrentPrincipal, services: CurrentServices
) -> WorkspaceOutput:
    """One workspace."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        return workspace_output(await work.workspaces.get(workspace_id), principal)


@router.patch("/{workspace_id}", responses=problem_responses(403, 404, 413))
async def rename_workspace(
    workspace_id: UUID, body: WorkspaceInput, principal: AdminPrincipal, services: CurrentServices
) -> WorkspaceOutput:
    """Renames it; for its owners and admins and the organization's."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        await work.workspaces.rename(workspace_id, body.name)
        return workspace_output(await work.workspaces.get(workspace_id), principal)


@router.delete("/{workspace_id}", status_code=204, responses=problem_responses(403, 404))
async def delete_workspace(workspace_id: UUID, principal: AdminPrincipal, services: CurrentServices) -> None:
    """Deletes it with its connections and their credentials; for owners. Its audit log stays."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        await work.workspaces.delete(workspace_id)


@router.get("/{workspace_id}/members", responses=problem_responses(403, 404))
async def list_members(
    workspace_id: UUID,
    principal: AdminPrincipal,
    services: CurrentServices,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[MemberOutput]:
    """Its members."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.workspaces.members(workspace_id, after=after_id(cursor), limit=limit + 1)
    return page_of(found, limit, MemberOutput.model_validate, lambda row: (str(row.user_id),))


@router.post("/{workspace_id}/members", status_code=201, responses=problem_responses(403, 404, 409, 413))
async def add_member(
    workspace_id: UUID, body: MemberInput, principal: AdminPrincipal, services: CurrentServices
) -> MemberOutput:
    """Takes a member of the organization in; others are invited."""
    added = await services.tenancy.add_member(
        principal, workspace_id=workspace_id, user_id=body.user_id, role=body.role
    )
    return MemberOutput.model_validate(added)


@router.patch("/{workspace_id}/members/{user_id}", responses=problem_responses(403, 404, 413))
async def change_member(
    workspace_id: UUID, user_id: UUID, body: RoleInput, principal: AdminPrincipal, services: CurrentServices
) -> MemberOutput:
    """Gives a member another role, at most the caller's own. The last owner stays one."""
    changed = await services.tenancy.change_member(
        principal, workspace_id=workspace_id, user_id=user_id, role=body.role
    )
    return MemberOutput.model_validate(changed)


@router.delete("/{workspace_id}/members/{user_id}", status_code=204, responses=problem_responses(403, 404))
async def remove_member(
    workspace_id: UUID, user_id: UUID, principal: AdminPrincipal, services: CurrentServices
) -> None:
    """Ends a membership; everybody may end their own, but for the last owner."""
    await services.tenancy.remove_member(principal, workspace_id=workspace_id, user_id=user_id)
