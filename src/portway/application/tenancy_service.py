"""Tenancy where there is a rule: nobody gives more than they have, and somebody always owns it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from portway.application import mails
from portway.application.ports.mail import Mailer, MailNotSent
from portway.application.ports.tenancy_records import CreatedInvitation, OrganizationMember
from portway.application.ports.unit_of_work import UnitOfWorkFactory
from portway.domain.errors import Fault, Forbidden, MalformedRequest, NotFound, Unavailable
from portway.domain.organization import Invitation, Member, Role, Workspace
from portway.domain.principal import Principal
from portway.domain.rules.tenancy import check_keeps_an_owner, check_may_grant
from portway.domain.rules.tenancy_rights import administering_role


@dataclass(frozen=True, slots=True)
class SentInvitation:
    """A new invitation. `url` is its link, for the inviter to hand over; None where it was mailed."""

    invitation: Invitation
    url: str | None = field(repr=False)


class TenancyService:
    """Who belongs where. The database enforces roles by itself; here they are judged first, for a better answer."""

    def __init__(self, *, unit_of_work: UnitOfWorkFactory, mailer: Mailer | None, public_url: str) -> None:
        self._unit_of_work = unit_of_work
        self._mailer = mailer
        self._public_url = public_url

    async def invite(
        self, principal: Principal, *, workspace_id: UUID, email: str, role: Role
    ) -> SentInvitation:
        """Offers membership to whoever has this address. Raises NotFound, Forbidden, and Unavailable where the mail
        server does not take the message.
        """
        async with self._unit_of_work(principal.sealed_pass) as work:
            workspace = await work.workspaces.get(workspace_id)
            check_may_grant(administering_role(workspace), role)
            created = await work.invitations.create(
                workspace_id, email, role, mailed=self._mailer is not None
            )
        try:
            return await self._handed_over(created, workspace)
        except MailNotSent as error:
            # Nobody has the link, so nobody can use the invitation.
            async with self._unit_of_work(principal.sealed_pass) as work:
                await work.invitations.delete(created.invitation.id)
            raise Unavailable("The mail server did not take the invitation; try again later.") from error

    async def invite_again(self, principal: Principal, invitation_id: UUID) -> SentInvitation:
        """A new link for an open invitation; the one before does not work any more. Raises as above, and then leaves
        it as it was.
        """
        async with self._unit_of_work(principal.sealed_pass) as work:
            found = await work.invitations.get(invitation_id)
            workspace = await work.workspaces.get(found.workspace_id)
            check_may_grant(administering_role(workspace), found.role)
            renewed = await work.invitations.renew(invitation_id, mailed=self._mailer is not None)
            try:
                return await self._handed_over(renewed, workspace)
            except MailNotSent as error:
                raise Unavailable(
                    "The mail server did not take the invitation, and the link before works on; try again later."
                ) from error

    async def _handed_over(self, created: CreatedInvitation, workspace: Workspace) -> SentInvitation:
        """Mailed, where there is a mail server. Raises MailNotSent."""
        url = mails.link(self._public_url, mails.INVITATION_PATH, created.token)
        if self._mailer is None:
            return SentInvitation(created.invitation, url)
        await self._mailer.send(mails.invitation(created.invitation.email, url, workspace.organization_name))
        return SentInvitation(created.invitation, None)

    async def accept_invitation(self, principal: Principal, token: str) -> Workspace:
        """Joins the workspace that the link invites to. Raises NotFound for one that is not good any more."""
        if principal.workspace_id is not None:
            raise Forbidden("An API key that is limited to a workspace joins no other.")
        async with self._unit_of_work(principal.sealed_pass) as work:
            workspace_id = await work.invitations.accept(token)
            if workspace_id is None:
                raise NotFound("This invitation was used already, or it has expired; ask for a new one.")
            return await work.workspaces.get(workspace_id)

    async def add_member(
        self, principal: Principal, *, workspace_id: UUID, user_id: UUID, role: Role
    ) -> Member:
        """Takes a member of the organization into one of its workspaces. Raises NotFound, Forbidden, Conflict."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            workspace = await work.workspaces.get(workspace_id)
            check_may_grant(administering_role(workspace), role)
            await work.workspaces.add_member(workspace_id, user_id, role)
            return await work.workspaces.member(workspace_id, user_id)

    async def change_member(
        self, principal: Principal, *, workspace_id: UUID, user_id: UUID, role: Role
    ) -> Member:
        """Gives a member another role. Raises NotFound, Forbidden, also for the last owner's."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            workspace = await work.workspaces.get(workspace_id)
            await work.workspaces.lock_members(workspace_id)
            member = await work.workspaces.member(workspace_id, user_id)
            own = administering_role(workspace)
            check_may_grant(own, role)
            check_may_grant(own, member.role)
            if member.role is Role.OWNER and role is not Role.OWNER:
                check_keeps_an_owner(_owners_without(user_id, await work.workspaces.owners(workspace_id)))
            await work.workspaces.change_role(workspace_id, user_id, role)
            return await work.workspaces.member(workspace_id, user_id)

    async def remove_member(self, principal: Principal, *, workspace_id: UUID, user_id: UUID) -> None:
        """Ends a membership; everybody may end their own. Raises NotFound, Forbidden, also for the last owner's."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            await work.workspaces.get(workspace_id)
            await work.workspaces.lock_members(workspace_id)
            member = await work.workspaces.member(workspace_id, user_id)
            if member.role is Role.OWNER:
                check_keeps_an_owner(_owners_without(user_id, await work.workspaces.owners(workspace_id)))
            await work.workspaces.remove_member(workspace_id, user_id)

    async def change_organization_member(
        self, principal: Principal, *, organization_id: UUID, user_id: UUID, role: Role
    ) -> OrganizationMember:
        """Gives a member of the organization another role. Raises NotFound, Forbidden, also for the last owner's."""
        if role is Role.VIEWER:
            message = "Organizations have the roles owner, admin and member."
            raise MalformedRequest(faults=[Fault("/role", message)])
        async with self._unit_of_work(principal.sealed_pass) as work:
            await work.organizations.get(organization_id)
            await work.organizations.lock_members(organization_id)
            member = await work.organizations.member(organization_id, user_id)
            if member.role is Role.OWNER and role is not Role.OWNER:
                check_keeps_an_owner(
                    _owners_without(user_id, await work.organizations.owners(organization_id))
                )
            await work.organizations.change_role(organization_id, user_id, role)
            return await work.organizations.member(organization_id, user_id)

    async def remove_organization_member(
        self, principal: Principal, *, organization_id: UUID, user_id: UUID
    ) -> None:
        """Ends a membership with all those in workspaces; everybody may end their own. Raises as above."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            await work.organizations.get(organization_id)
            await work.organizations.lock_members(organization_id)
            member = await work.organizations.member(organization_id, user_id)
            if member.role is Role.OWNER:
                check_keeps_an_owner(
                    _owners_without(user_id, await work.organizations.owners(organization_id))
                )
            await work.organizations.remove_member(organization_id, user_id)


def _owners_without(user_id: UUID, owners: Iterable[UUID]) -> list[Role]:
    return [Role.OWNER for owner in owners if owner != user_id]
