"""Invitations: how somebody new comes into a workspace."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, Field

from portway.api.identity import AdminPrincipal
from portway.api.pagination import DEFAULT_LIMIT, Cursor, Limit, after_id, page_of
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.api.wire import EmailAddress, Input, Output, Page, Secret
from portway.api.workspaces import WorkspaceOutput, workspace_output
from portway.application.tenancy_service import SentInvitation
from portway.domain.organization import Role

router = new_router("/invitations", "Invitations")


class InvitationInput(Input):
    """Whom to invite where, as what."""

    workspace_id: UUID
    email: EmailAddress
    role: Role = Role.MEMBER


class AcceptInput(Input):
    """The token in the invitation's link."""

    token: Secret


class InvitationOutput(Output):
    """An open offer of membership."""

    id: UUID
    organization_id: UUID
    workspace_id: UUID
    workspace_name: str | None
    email: str
    role: Role
    mailed: bool = Field(
        description="Whether its link was mailed to the address; else whoever invited handed it over"
    )
    invited_by: UUID | None
    invited_by_email: str | None
    invited_by_name: str | None
    expires_at: AwareDatetime
    created_at: AwareDatetime


class CreatedInvitationOutput(InvitationOutput):
    """A new invitation."""

    url: str | None = Field(
        description="The link to hand over, shown only now; null where it was mailed to the address"
    )


@router.get("", responses=problem_responses(403))
async def list_invitations(
    principal: AdminPrincipal,
    services: CurrentServices,
    workspace_id: Annotated[UUID | None, Query(description="Only to this workspace")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[InvitationOutput]:
    """Open invitations to the workspaces that the caller administers."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.invitations.list(
            workspace_id=workspace_id, after=after_id(cursor), limit=limit + 1
        )
    return page_of(found, limit, InvitationOutput.model_validate, lambda row: (str(row.id),))


@router.post("", status_code=201, responses=problem_responses(403, 404, 413))
async def create_invitation(
    body: InvitationInput, principal: AdminPrincipal, services: CurrentServices
) -> CreatedInvitationOutput:
    """Invites; by mail where a mail server is configured. The role is at most the caller's own."""
    sent = await services.tenancy.invite(
        principal, workspace_id=body.workspace_id, email=body.email, role=body.role
    )
    return _with_url(sent)


@router.post("/accept", responses=problem_responses(403, 404, 413))
async def accept_invitation(
    body: AcceptInput, principal: AdminPrincipal, services: CurrentServices
) -> WorkspaceOutput:
    """Joins the signed-in caller to the workspace. Who has no account yet signs up with the token instead."""
    return workspace_output(await services.tenancy.accept_invitation(principal, body.token), principal)


@router.get("/{invitation_id}", responses=problem_responses(403, 404))
async def get_invitation(
    invitation_id: UUID, principal: AdminPrincipal, services: CurrentServices
) -> InvitationOutput:
    """One invitation."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        return InvitationOutput.model_validate(await work.invitations.get(invitation_id))


@router.post("/{invitation_id}/resend", responses=problem_responses(403, 404))
async def resend_invitation(
    invitation_id: UUID, principal: AdminPrincipal, services: CurrentServices
) -> CreatedInvitationOutput:
    """Makes a new link, good for seven days, and mails it where a mail server is configured. The one before is void."""
    return _with_url(await services.tenancy.invite_again(principal, invitation_id))


@router.delete("/{invitation_id}", status_code=204, responses=problem_responses(403, 404))
async def withdraw_invitation(
    invitation_id: UUID, principal: AdminPrincipal, services: CurrentServices
) -> None:
    """Withdraws it: its link does not work any more."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        await work.invitations.delete(invitation_id)


def _with_url(sent: SentInvitation) -> CreatedInvitationOutput:
    shown = InvitationOutput.model_validate(sent.invitation)
    return CreatedInvitationOutput(**shown.model_dump(), url=sent.url)
