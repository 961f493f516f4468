"""Checks definitions as far as it goes without the services: every action's examples become requests."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from portway.application.definition_check import AnyMember, check_action, check_integration
from portway.application.handlers.action_handler import QueryValue
from portway.application.handlers.registry import HandlerRegistry
from portway.application.language.documents import read_action_config
from portway.application.ports.http import OutgoingRequest, StreamedBody, StreamedResponse, UpstreamResponse
from portway.application.ports.schema import ParameterSchema
from portway.application.requests.direct_request import direct_request
from portway.application.requests.request_builder import build_request
from portway.catalog.definitions import ActionDefinition, IntegrationDefinition
from portway.domain.action import Action
from portway.domain.errors import InvalidIntegrationConfig, InvalidParameters, PortwayError
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.rules.parameter_transform import transform_parameters

_NO_ID = UUID(int=0)


async def validate(
    definitions: Sequence[IntegrationDefinition], schema: ParameterSchema, handlers: HandlerRegistry
) -> list[str]:
    """What is wrong, one line for each fault, after integration and action; empty when all is well."""
    faults: list[str] = []
    for definition in definitions:
        faults += [f"{definition.slug}: {fault}" for fault in _integration_faults(definition)]
        for action in definition.actions:
            found = await _action_faults(definition, action, schema, handlers)
            faults += [f"{definition.slug}/{action.slug}: {fault}" for fault in found]
    return faults


async def example_request(
    definition: IntegrationDefinition,
    action: ActionDefinition,
    parameters: JsonObject,
    handlers: HandlerRegistry,
) -> OutgoingRequest:
    """The first request that the action sends for `parameters`, without a credential.

    Raises what building it raises, and InvalidIntegrationConfig for an action that does not speak HTTP.
    """
    request = await _first_request(definition, action, parameters, handlers)
    if request is None:
        raise InvalidIntegrationConfig(f"The handler {action.handler!r} does not speak HTTP.")
    return request


async def _first_request(
    definition: IntegrationDefinition,
    action: ActionDefinition,
    parameters: JsonObject,
    handlers: HandlerRegistry,
) -> OutgoingRequest | None:
    """None for a handler that asks for the credential or a socket, since it speaks another protocol.

    Raises InvalidIntegrationConfig for a handler that does nothing at all.
    """
    # What is read of a row is kept by its id, and these may never be stored.
    integration = definition.integration(uuid4())
    trial = _Trial(integration, action.action(uuid4(), integration.id))
    config = read_action_config(trial.integration, trial.action)
    transformed = transform_parameters(parameters, config.parameters)
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
    config: JsonObject = field(default_factory=AnyMember)
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


def _integration_faults(definition: IntegrationDefinition) -> list[str]:
    faults: list[str] = []
    try:
        check_integration(definition.integration(_NO_ID))
    except InvalidIntegrationConfig as error:
        faults.append(error.detail)
    if definition.auth_type is AuthType.OAUTH2:
        faults += [
            f"auth_config.{member} must be an https URL."
            for member in ("authorization_url", "token_url")
            if not str(definition.auth_config.get(member, "")).startswith("https://")
        ]
    return faults


async def _action_faults(
    definition: IntegrationDefinition,
    action: ActionDefinition,
    schema: ParameterSchema,
    handlers: HandlerRegistry,
) -> list[str]:
    # A schema is compiled once for each id.
    entity = action.action(uuid4(), _NO_ID)
    try:
        check_action(definition.integration(_NO_ID), entity, schema, handlers)
    except InvalidIntegrationConfig as error:
        return [error.detail]
    if not action.examples:
        return ["request_schema has no `examples`."]
    faults: list[str] = []
    for index, example in enumerate(action.examples):
        where = f"request_schema.examples[{index}]"
        try:
            wrong = schema.faults(entity, example)
            await _first_request(definition, action, example, handlers)
        except InvalidParameters as error:
            wrong = list(error.faults)
        except PortwayError as error:
            faults.append(f"{where}: {error.detail}")
            continue
        faults += [f"{where}{fault.pointer}: {fault.message}" for fault in wrong]
    return faults
