"""Executions of actions as their fixtures tell them, but for what has to do with credentials, time and the network."""

from uuid import uuid4

from portway.application.handlers.action_handler import Answer
from portway.application.language.documents import action_config
from portway.application.ports.http import UpstreamResponse
from portway.application.responses.response_mapping import read_response
from portway.catalog.definitions import ActionDefinition, IntegrationDefinition
from portway.catalog.fixtures import Fixture
from portway.catalog.handlers import handlers
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.rules.parameter_transform import transform_parameters
from tests.fakes.action_context import RecordingContext


def context_of(
    integration: IntegrationDefinition, action: ActionDefinition, fixture: Fixture
) -> RecordingContext:
    """A context in which the service gives the fixture's answers."""
    entity = integration.integration(uuid4())
    context = RecordingContext(entity, action.action(uuid4(), entity.id), fixture.config)
    return context.script(*(request.answer.response() for request in fixture.requests))


async def execute(context: RecordingContext, parameters: JsonObject) -> JsonValue:
    """The `data` for the caller."""
    config = action_config(context.integration, context.action)
    transformed = transform_parameters(parameters, config.parameters)
    if context.action.handler is None:
        return read_response(await context.send(context.build(transformed)), config)
    answer = await handlers().get(context.action.handler)(context, transformed)
    if isinstance(answer, Answer):
        return answer.data
    if not isinstance(answer, UpstreamResponse):
        answer = await answer.read(max_bytes=config.response.max_bytes)
    return read_response(answer, config)


async def recorded(
    integration: IntegrationDefinition, action: ActionDefinition, fixture: Fixture
) -> RecordingContext:
    """The context after the execution."""
    context = context_of(integration, action, fixture)
    await execute(context, fixture.execution_parameters())
    return context
