"""Organizations' own integrations and actions. Global ones are the operator's, and read-only here."""

from dataclasses import fields, replace
from typing import Any
from uuid import UUID

from portway.application.definition_check import check_action, check_integration, pointing_into
from portway.application.handlers.registry import HandlerRegistry
from portway.application.ports.catalog_records import (
    ActionChanges,
    IntegrationChanges,
    NewAction,
    NewIntegration,
)
from portway.application.ports.schema import ConfigSchema, ParameterSchema
from portway.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from portway.domain.action import Action
from portway.domain.builtin_actions import builtin_action
from portway.domain.errors import Fault, Forbidden, MalformedRequest, NotFound
from portway.domain.integration import Integration
from portway.domain.organization import Role
from portway.domain.principal import Principal
from portway.domain.rules.tenancy import at_least

_NO_ID = UUID(int=0)
_ACTION, _INTEGRATION = "Action", "Integration"


class CatalogService:
    """All methods raise Forbidden unless the caller administers the organization, InvalidIntegrationConfig for a row
    that would not work, and NotFound.

    Where `organization_id` is None, a slug means what it means to `IntegrationRepository.resolve`.
    """

    def __init__(
        self,
        unit_of_work: UnitOfWorkFactory,
        schema: ParameterSchema,
        config_schema: ConfigSchema,
        handlers: HandlerRegistry,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._schema = schema
        self._config_schema = config_schema
        self._handlers = handlers

    async def create_integration(self, principal: Principal, new: NewIntegration) -> Integration:
        """A new integration of its organization; Conflict where that has one of this slug."""
        with pointing_into("", _INTEGRATION):
            check_integration(Integration(id=_NO_ID, **_members(new)), self._config_schema)
        async with self._unit_of_work(principal.sealed_pass) as work:
            await check_administers(work, new.organization_id)
            return await work.integrations.create(new)

    async def change_integration(
        self, principal: Principal, slug: str, organization_id: UUID | None, changes: IntegrationChanges
    ) -> Integration:
        """Moving it to another address makes its connections need a new authorization."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            found = await _own(work, slug, organization_id)
            if not changes:
                return found
            with pointing_into("", _INTEGRATION):
                check_integration(replace(found, **changes), self._config_schema)
            return await work.integrations.change(found.id, changes)

    async def delete_integration(self, principal: Principal, slug: str, organization_id: UUID | None) -> None:
        """Deletes it with its actions. Conflict where a connection still uses it."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            await work.integrations.delete((await _own(work, slug, organization_id)).id)

    async def create_action(
        self, principal: Principal, slug: str, organization_id: UUID | None, new: NewAction
    ) -> tuple[Integration, Action]:
        """The integration with a new action of it; Conflict where it has one of this slug."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            found = await _own(work, slug, organization_id)
            self._check(found, Action(id=_NO_ID, integration_id=found.id, **_members(new)))
            return found, await work.actions.create(found.id, new)

    async def change_action(
        self,
        principal: Principal,
        slug: str,
        action: str,
        organization_id: UUID | None,
        changes: ActionChanges,
    ) -> tuple[Integration, Action]:
        """Changes what is given; returns the integration with the action."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            integration = await _own(work, slug, organization_id)
            found = await _row(work, integration, action)
            if not changes:
                return integration, found
            self._check(integration, replace(found, **changes))
            return integration, await work.actions.change(found.id, changes)

    async def delete_action(
        self, principal: Principal, slug: str, action: str, organization_id: UUID | None
    ) -> None:
        """Deletes it. The audit log stays."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            integration = await _own(work, slug, organization_id)
            await work.actions.delete((await _row(work, integration, action)).id)

    def _check(self, integration: Integration, action: Action) -> None:
        with pointing_into("", _ACTION):
            check_action(integration, action, self._schema, self._handlers)


async def chosen_organization(work: UnitOfWork, organization_id: UUID | None, pointer: str) -> UUID:
    """The organization that the caller names, else the only one that they have.

    Raises NotFound for one that they do not belong to, and MalformedRequest, which points to where it is to be named,
    for somebody with several.
    """
    if organization_id is not None:
        return (await work.organizations.get(organization_id)).id
    mine = await work.organizations.list(after=None, limit=2)
    if len(mine) != 1:
        raise MalformedRequest(
            faults=[Fault(pointer, "Say which organization is meant: you have several, or none.")]
        )
    return mine[0].id


async def _own(work: UnitOfWork, slug: str, organization_id: UUID | None) -> Integration:
    """An integration that the caller may change."""
    found = await work.integrations.resolve(slug, organization_id=organization_id)
    if found.organization_id is None:
        raise Forbidden(
            f"{found.slug} is a global integration: only the operator changes it, with `portway catalog load` or SQL. "
            "An integration of your organization's own with the same slug takes its place for your organization."
        )
    await check_administers(work, found.organization_id)
    return found


async def _row(work: UnitOfWork, integration: Integration, slug: str) -> Action:
    """An action that can be changed: one that has a row."""
    try:
        return await work.actions.get(integration.id, slug)
    except NotFound:
        if builtin_action(integration, slug) is None:
            raise
        raise Forbidden(
            f"{slug} is built in. An action that you make with this slug takes its place."
        ) from None


async def check_administers(work: UnitOfWork, organization_id: UUID) -> None:
    """Raises Forbidden for a member who is no administrator, NotFound for a stranger."""
    organization = await work.organizations.get(organization_id)
    if not at_least(organization.role, Role.ADMIN):
        raise Forbidden(
            "Only an owner or admin of the organization may change its integrations and their actions."
        )


def _members(new: NewIntegration | NewAction) -> dict[str, Any]:
    return {member.name: getattr(new, member.name) for member in fields(new)}
