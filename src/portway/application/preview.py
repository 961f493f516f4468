"""The outgoing request of an action, shown without sending it."""

import base64
from dataclasses import dataclass, field, replace
from uuid import UUID

from portway.application.action_listing import find_action
from portway.application.credential_placement import SIGNED, authenticate, place
from portway.application.handlers.registry import HandlerRegistry
from portway.application.language.documents import auth_config
from portway.application.ports.http import OutgoingRequest
from portway.application.ports.schema import ParameterSchema
from portway.application.ports.unit_of_work import UnitOfWorkFactory
from portway.application.trial import first_request
from portway.domain.credential import Credential
from portway.domain.errors import InvalidParameters
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject
from portway.domain.principal import Principal

CREDENTIAL = "CREDENTIAL"
"""What stands where the credential, or a member of it, would be."""


@dataclass(frozen=True, slots=True)
class PreviewedRequest:
    """`body` is text, `body_base64` what is not UTF-8; both are None where there is no body."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    body_base64: str | None = None


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
        if faults := self._schema.faults(found, parameters):
            raise InvalidParameters(faults)
        request = await first_request(integration, found, parameters, config, self._handlers)
        if request is None:
            return None
        shown = _authenticated(request, integration, config)
        headers = dict(shown.headers)
        if headers.get("authorization", "").startswith("Basic "):
            headers["authorization"] = f"Basic {CREDENTIAL}"
        body = shown.body if isinstance(shown.body, bytes) else None
        try:
            text = body.decode() if body is not None else None
        except UnicodeDecodeError:
            return PreviewedRequest(
                shown.method, shown.url, headers, body_base64=base64.b64encode(body or b"").decode()
            )
        return PreviewedRequest(shown.method, shown.url, headers, text)


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
