"""The outgoing request of an action, shown without sending it."""

from dataclasses import fields
from uuid import UUID, uuid4

from msgspec.structs import replace

from portway.application.action_listing import find_action
from portway.application.credential_placement import SIGNED, authenticate, place
from portway.application.definition_check import check_action, pointing_into
from portway.application.handlers.registry import HandlerRegistry
from portway.application.language.documents import auth_config
from portway.application.ports.catalog_records import NewAction
from portway.application.ports.http import OutgoingRequest
from portway.application.ports.schema import ParameterSchema
from portway.application.ports.unit_of_work import UnitOfWorkFactory
from portway.application.previewed_request import PreviewedRequest, previewed
from portway.application.trial import first_request
from portway.domain.action import Action
from portway.domain.credential import Credential
from portway.domain.errors import InvalidParameters
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject
from portway.domain.principal import Principal

CREDENTIAL = "CREDENTIAL"
"""What stands where the credential, or a member of it, would be."""


class Preview:
    """Reads the rows as their reader may, touches no connection and calls nobody."""

    def __init__(
        self, unit_of_work: UnitOfWorkFactory, schema: ParameterSchema, handlers: HandlerRegistry
    ) -> None:
        self._unit_of_work = unit_of_work
        self._schema = schema
        self._handlers = handlers

    async def of_action(
        self,
        principal: Principal,
        slug: str,
        action: str,
        organization_id: UUID | None,
        *,
        parameters: JsonObject,
        config: JsonObject,
    ) -> PreviewedRequest | None:
        """The request, or the first one where a handler sends several; None where it speaks another protocol.

        `config` are the values that a connection would have. Raises NotFound, InvalidParameters,
        InvalidIntegrationConfig.
        """
        async with self._unit_of_work(principal.sealed_pass) as work:
            integration = await work.integrations.resolve(slug, organization_id=organization_id)
            found = await find_action(work, integration, action)
        return await self._shown(integration, found, parameters, config)

    async def of_draft(
        self,
        principal: Principal,
        slug: str,
        organization_id: UUID | None,
        *,
        draft: NewAction,
        parameters: JsonObject,
        config: JsonObject,
    ) -> PreviewedRequest | None:
        """The same for an action of the integration that is not stored, which is checked as if it were to be."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            integration = await work.integrations.resolve(slug, organization_id=organization_id)
        members = {member.name: getattr(draft, member.name) for member in fields(draft)}
        action = Action(id=uuid4(), integration_id=integration.id, **members)
        with pointing_into("/action", "Action"):
            check_action(integration, action, self._schema, self._handlers)
        return await self._shown(integration, action, parameters, config)

    async def _shown(
        self, integration: Integration, action: Action, parameters: JsonObject, config: JsonObject
    ) -> PreviewedRequest | None:
        if faults := self._schema.faults(action, parameters):
            raise InvalidParameters(faults)
        request = await first_request(integration, action, parameters, config, self._handlers)
        if request is None:
            return None
        shown = _authenticated(request, integration, config)
        headers = dict(shown.headers)
        if headers.get("authorization", "").startswith("Basic "):
            headers["authorization"] = f"Basic {CREDENTIAL}"
        body = shown.body if isinstance(shown.body, bytes) else None
        return previewed(shown.method, shown.url, headers, body)


def _authenticated(request: OutgoingRequest, integration: Integration, config: JsonObject) -> OutgoingRequest:
    """With a credential whose every member is hidden. There is nothing to sign with."""
    auth, hidden = auth_config(integration), _Masked()
    if integration.auth_type not in SIGNED:
        return authenticate(request, integration, Credential(hidden, version=1), config=config)
    placed = place(request, auth.credential_placement or (), hidden)
    return replace(placed, headers={**placed.headers, "authorization": CREDENTIAL})


class _Masked(dict[str, str]):
    """A credential that has every member."""

    def get(self, key: str, default: object = None) -> str:
        return CREDENTIAL

    def __getitem__(self, key: str) -> str:
        return CREDENTIAL
