"""Organizations and who belongs to them."""

from dataclasses import asdict
from functools import partial
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from portway.api.identity import AdminPrincipal, CurrentPrincipal
from portway.api.pagination import DEFAULT_LIMIT, Cursor, Limit, after_id, page_of
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.api.wire import Input, Name, Output, Page
from portway.domain.organization import Organization, Role
from portway.domain.principal import Principal
from portway.domain.rules.tenancy_rights import organization_rights

router = new_router("/organizations", "Organizations")

OrganizationRole = Literal[Role.OWNER, Role.ADMIN, Role.MEMBER]


class OrganizationInput(Input):
    """What an organization is called."""

    name: Name


class OrganizationRightsOutput(Output):
    """What the caller may do in an organization."""

    rename: bool
    delete: bool
    manage_members: bool = Field(description="See all of them, and end their membership")
    change_roles: bool
    create_workspaces: bool
    edit_catalog: bool = Field(description="Integrations of its own, actions, OAuth clients")
    manage_webhooks: bool


class OrganizationOutput(Output):
    """A customer; `role` is the caller's own in it."""

    id: UUID
    name: str
    role: Role
    can: OrganizationRightsOutput
    created_at: AwareDatetime


class CreatedOrganizationOutput(OrganizationOutput):
    """A new organization and its first workspace."""

    workspace_id: UUID


class OrganizationMemberOutput(Output):
    """A user's membership in an organization."""

    organization_id: UUID
    user_id: UUID
    email: str | None
    name: str | None
    role: Role
    created_at: AwareDatetime


class OrganizationRoleInput(Input):
    """A member's role from now on."""

    role: OrganizationRole


@router.get("", responses=problem_responses())
async def list_organizations(
    principal: CurrentPrincipal,
    services: CurrentServices,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[OrganizationOutput]:
    """The organizations that the caller belongs to."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.organizations.list(after=after_id(cursor), limit=limit + 1)
    return page_of(found, limit, partial(_shown, principal=principal), lambda row: (str(row.id),))


@router.post("", status_code=201, responses=problem_responses(403, 413))
async def create_organization(
    body: OrganizationInput, principal: AdminPrincipal, services: CurrentServices
) -> CreatedOrganizationOutput:
    """Makes an organization with a workspace of the same name; the caller owns both."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        organization_id, workspace_id = await work.organizations.create(body.name)
        made = await work.organizations.get(organization_id)
    return CreatedOrganizationOutput(**_shown(made, principal).model_dump(), workspace_id=workspace_id)


@router.get("/{organization_id}", responses=problem_responses(404))
async def get_organization(
    organization_id: UUID, principal: CurrentPrincipal, services: CurrentServices
) -> OrganizationOutput:
    """One organization."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        return _shown(await work.organizations.get(organization_id), principal)


@router.patch("/{organization_id}", responses=problem_responses(403, 404, 413))
async def rename_organization(
    organization_id: UUID, body: OrganizationInput, principal: AdminPrincipal, services: CurrentServices
) -> OrganizationOutput:
    """Renames it; for its owners and admins."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        await work.organizations.rename(organization_id, body.name)
        return _shown(await work.organizations.get(organization_id), principal)


@router.delete("/{organization_id}", status_code=204, responses=problem_responses(403, 404))
async def delete_organization(
    organization_id: UUID, principal: AdminPrincipal, services: CurrentServices
) -> None:
    """Deletes it with its workspaces, their connections and their credentials; for its owners. Audit logs stay."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        await work.organizations.delete(organization_id)


@router.get("/{organization_id}/members", responses=problem_responses(403, 404))
async def list_organization_members(
    organization_id: UUID,
    principal: AdminPrincipal,
    services: CurrentServices,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[OrganizationMemberOutput]:
    """Its members, for its owners and admins; others see only themselves."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.organizations.members(organization_id, after=after_id(cursor), limit=limit + 1)
    return page_of(found, limit, OrganizationMemberOutput.model_validate, lambda row: (str(row.user_id),))


@router.patch("/{organization_id}/members/{user_id}", responses=problem_responses(403, 404, 413))
async def change_organization_member(
    organization_id: UUID,
    user_id: UUID,
    body: OrganizationRoleInput,
    principal: AdminPrincipal,
    services: CurrentServices,
) -> OrganizationMemberOutput:
    """Gives a member another role; for owners. The last owner stays one."""
    changed = await services.tenancy.change_organization_member(
        principal, organization_id=organization_id, user_id=user_id, role=body.role
    )
    return OrganizationMemberOutput.model_validate(changed)


@router.delete("/{organization_id}/members/{user_id}", status_code=204, responses=problem_responses(403, 404))
async def remove_organization_member(
    organization_id: UUID, user_id: UUID, principal: AdminPrincipal, services: CurrentServices
) -> None:
    """Ends a membership, with those in the organization's workspaces; everybody may end their own."""
    await services.tenancy.remove_organization_member(
        principal, organization_id=organization_id, user_id=user_id
    )


def _shown(organization: Organization, principal: Principal) -> OrganizationOutput:
    return OrganizationOutput.model_validate(
        asdict(organization) | {"can": organization_rights(organization, principal)}
    )
