"""What an action would send first, found out without sending it."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass

from portway.application.handlers.action_handler import QueryValue
from portway.application.handlers.registry import HandlerRegistry
from portway.application.language.documents import action_config
from portway.application.ports.http import OutgoingRequest, StreamedBody, StreamedResponse, UpstreamResponse
from portway.application.requests.direct_request import direct_request
from portway.application.requests.request_builder import build_request
from portway.domain.action import Action
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.rules.parameter_transform import transform_parameters


async def first_request(
    integration: Integration,
    action: Action,
    parameters: JsonObject,
    config: JsonObject,
    handlers: HandlerRegistry,
) -> OutgoingRequest | None:
    """The first request, without a credential; None for a handler that speaks another protocol than HTTP.

    What is read of a row is kept by its id and version: a row that is not stored needs an id of its own. Raises
    what building the request raises, and InvalidIntegrationConfig for a handler that does nothing at all.
    """
    trial = _Trial(integration, action, config)
    transformed = transform_parameters(parameters, action_config(integration, action).parameters)
    if action.handler is None:
        return trial.build(transformed)
    try:
        await handlers.get(action.handler)(trial, transformed)
    except _TrialEnded:
        return trial.first_request
    raise InvalidIntegrationConfig(f"The handler {action.handler!r} sent no request.")


class _TrialEnded(BaseException):
    """The handler got as far as it gets without a service. No handler may catch it."""


@dataclass(slots=True)
class _Trial:
    """An `ActionContext` that keeps the first request."""

    integration: Integration
    action: Action
    config: JsonObject
    first_request: OutgoingRequest | None = None

    def build(self, parameters: JsonObject) -> OutgoingRequest:
        return build_request(self.integration, self.action, parameters, self.config)

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
        return direct_request(
            self.integration, self.config, method, path, query=query, headers=headers, json=json, body=body
        )

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        self.first_request = request
        raise _TrialEnded

    async def open(self, request: OutgoingRequest) -> StreamedResponse:
        self.first_request = request
        raise _TrialEnded

    async def send_elsewhere(self, request: OutgoingRequest) -> UpstreamResponse:
        self.first_request = request
        raise _TrialEnded

    @property
    def credential(self) -> Mapping[str, str]:
        raise _TrialEnded

    async def connect(self, host: str, port: int) -> socket.socket:
        raise _TrialEnded
