"""What a handler is and what it gets."""

import socket
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from portway.application.ports.http import OutgoingRequest, StreamedBody, StreamedResponse, UpstreamResponse
from portway.domain.action import Action
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject, JsonValue

QueryValue = str | int | float | bool | None | Sequence[str | int | float | bool]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler made of the service's answers itself: `data` for the caller, and the status that it stands for."""

    data: JsonValue = field(repr=False)
    status_code: int = 200


class ActionContext(Protocol):
    """One execution, as far as a handler may see it."""

    @property
    def integration(self) -> Integration:
        """The integration of the connection in use."""
        ...

    @property
    def action(self) -> Action:
        """The action that is executed."""
        ...

    @property
    def config(self) -> JsonObject:
        """The connection's own values for `base_url`."""
        ...

    def build(self, parameters: JsonObject) -> OutgoingRequest:
        """The request that the action's row makes of parameters, which are transformed already.

        Raises InvalidParameters, InvalidIntegrationConfig.
        """
        ...

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, QueryValue] | None = None,
        headers: Mapping[str, str] | None = None,
        json: JsonValue = None,
        body: bytes | StreamedBody | None = None,
    ) -> OutgoingRequest:
        """A request to any path under the integration's `base_url`, with the headers that its row sets.

        `path` is encoded already, and may have a query; null in `query` is left out, a list repeats its key. `json` is
        sent as JSON, unless there is a `body`, whose `content-type` is among the `headers`.
        """
        ...

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Sends a request with the connection's credential, to its own origins only; any number of times.

        Returns the answer, of whatever status. Raises what the HTTP client raises, and ReauthorizationRequired.
        """
        ...

    async def open(self, request: OutgoingRequest) -> StreamedResponse:
        """The same, for an answer that may be large: its body is still to come. Return it, or read or close it."""
        ...

    async def send_elsewhere(self, request: OutgoingRequest) -> UpstreamResponse:
        """Sends a request without any credential, wherever the egress guard allows: to an upload address that the
        service has handed out, for example, which is itself the permission.
        """
        ...

    @property
    def credential(self) -> Mapping[str, str]:
        """The connection's own secrets, for protocols that the gateway does not speak itself; empty where `base_url` is
        HTTP. They are masked in logs like all credentials.
        """
        ...

    async def connect(self, host: str, port: int) -> socket.socket:
        """A connected TCP socket that does not block, for such a protocol; close it.

        `host` must come from the credential, since its owner alone may say where it goes. The egress guard judges every
        address of the host. Counts as an attempt, after which the service may have acted. Raises EgressBlocked,
        UpstreamUnreachable, UpstreamTimeout.
        """
        ...


class ActionHandler(Protocol):
    """Executes one action."""

    def __call__(
        self, context: ActionContext, parameters: JsonObject, /
    ) -> Awaitable[UpstreamResponse | StreamedResponse | Answer]:
        """The service's answer, which is mapped to `data` as that of any other action; or an Answer that is `data`
        already, once `raise_for_status` found nothing.

        `parameters` satisfy the action's schema as it is in the database, and are transformed. Raises
        InvalidParameters for what only code can tell about them.
        """
        ...
