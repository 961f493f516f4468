"""Checks definitions as far as it goes without the services: every action's examples become requests."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from portway.application.definition_check import AnyMember, check_action, check_integration
from portway.application.handlers.registry import HandlerRegistry
from portway.application.ports.http import OutgoingRequest
from portway.application.ports.schema import ConfigSchema, ParameterSchema
from portway.application.trial import first_request
from portway.catalog.definitions import ActionDefinition, IntegrationDefinition
from portway.domain.errors import InvalidIntegrationConfig, InvalidParameters, PortwayError
from portway.domain.integration import AuthType
from portway.domain.json_value import JsonObject

_NO_ID = UUID(int=0)


async def validate(
    definitions: Sequence[IntegrationDefinition],
    schema: ParameterSchema,
    config_schema: ConfigSchema,
    handlers: HandlerRegistry,
) -> list[str]:
    """What is wrong, one line for each fault, after integration and action; empty when all is well."""
    faults: list[str] = []
    for definition in definitions:
        faults += [f"{definition.slug}: {fault}" for fault in _integration_faults(definition, config_schema)]
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
    # What is read of a row is kept by its id, and these may never be stored.
    integration = definition.integration(uuid4())
    entity = action.action(uuid4(), integration.id)
    return await first_request(integration, entity, parameters, AnyMember(integration.base_url), handlers)


def _integration_faults(definition: IntegrationDefinition, config_schema: ConfigSchema) -> list[str]:
    faults: list[str] = []
    try:
        check_integration(definition.integration(_NO_ID), config_schema)
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
