"""What a handler is and what it gets."""

from collections.abc import Awaitable
from typing import Protocol

from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.domain.action import Action
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject


class ActionContext(Protocol):
    """One execution, as far as a handler may see it: never a credential."""

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

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Sends a request with the connection's credential, to its own origins only; any number of times.

        Returns the answer, of whatever status. Raises what the HTTP client raises, and
        ReauthorizationRequired.
        """
        ...


class ActionHandler(Protocol):
    """Executes one action."""

    def __call__(self, context: ActionContext, parameters: JsonObject, /) -> Awaitable[UpstreamResponse]:
        """The service's answer, which is mapped to `data` as that of any other action.

        `parameters` satisfy the action's schema as it is in the database, and are transformed. Raises
        InvalidParameters for what only code can tell about them.
        """
        ...
