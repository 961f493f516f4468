"""What an action would send first, found out without sending it."""

import socket
from collections.abc import Mapping

from portway.application.handlers.registry import HandlerRegistry
from portway.application.handlers.row_requests import RowRequests
from portway.application.language.documents import action_config
from portway.application.ports.http import OutgoingRequest, StreamedResponse, UpstreamResponse
from portway.domain.action import Action
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject
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


class _Trial(RowRequests):
    """An `ActionContext` that keeps the first request."""

    first_request: OutgoingRequest | None = None

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
