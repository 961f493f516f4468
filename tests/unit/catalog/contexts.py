"""An `ActionContext` that keeps what is sent."""

from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.catalog.definitions import IntegrationDefinition, load_definitions
from portway.domain.action import Action
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject

ANSWER = UpstreamResponse(200, {"content-type": "application/json"}, b'{"id":"1"}')


@dataclass
class RecordingContext:
    """Answers every request with ANSWER."""

    integration: Integration
    action: Action
    config: JsonObject = field(default_factory=dict)
    requests: list[OutgoingRequest] = field(default_factory=list)

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        self.requests.append(request)
        return ANSWER


def shipped(integration_slug: str, action_slug: str) -> RecordingContext:
    """A context for an action of the shipped catalog."""
    definition = next(one for one in _shipped() if one.slug == integration_slug)
    action = next(one for one in definition.actions if one.slug == action_slug)
    return RecordingContext(definition.integration(UUID(int=1)), action.action(UUID(int=2), UUID(int=1)))


@cache
def _shipped() -> tuple[IntegrationDefinition, ...]:
    return tuple(load_definitions())
