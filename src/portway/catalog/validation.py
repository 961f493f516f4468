"""Checks definitions as far as it goes without the services: every action's examples become requests."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from portway.application.definition_check import AnyMember, check_action, check_integration
from portway.application.handlers.registry import HandlerRegistry
from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.application.ports.schema import ParameterSchema
from portway.application.request_builder import build_request
from portway.catalog.definitions import ActionDefinition, IntegrationDefinition
from portway.domain.action import Action
from portway.domain.errors import InvalidIntegrationConfig, InvalidParameters, PortwayError
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonObject
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

    Raises what building it raises.
    """
    recorder = _Recorder(definition.integration(_NO_ID), action.action(_NO_ID, _NO_ID))
    transformed = transform_parameters(parameters, action.transform_config)
    if action.handler is None:
        return build_request(recorder.integration, recorder.action, transformed, recorder.config)
    await handlers.get(action.handler)(recorder, transformed)
    if not recorder.requests:
        raise InvalidIntegrationConfig(f"The handler {action.handler!r} sent no request.")
    return recorder.requests[0]


@dataclass(slots=True)
class _Recorder:
    """An `ActionContext` that keeps the requests and answers with an empty object."""

    integration: Integration
    action: Action
    config: JsonObject = field(default_factory=AnyMember)
    requests: list[OutgoingRequest] = field(default_factory=list)

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        self.requests.append(request)
        return _EMPTY_ANSWER


_EMPTY_ANSWER = UpstreamResponse(200, {"content-type": "application/json"}, b"{}")


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
            await example_request(definition, action, example, handlers)
        except InvalidParameters as error:
            wrong = list(error.faults)
        except PortwayError as error:
            faults.append(f"{where}: {error.detail}")
            continue
        faults += [f"{where}{fault.pointer}: {fault.message}" for fault in wrong]
    return faults
