from typing import Any

import msgspec
import pytest

from portway.application.handlers.action_handler import ActionContext, Answer
from portway.application.handlers.registry import HandlerRegistry
from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.catalog.definitions import ActionDefinition, IntegrationDefinition
from portway.catalog.validation import example_request, validate
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType
from portway.domain.json_value import JsonObject
from portway.infrastructure.config_schema import JsonSchemaConfig
from portway.infrastructure.json_schema import JsonSchemaParameters

ACTION = ActionDefinition(
    slug="get",
    name="Get",
    http_method="GET",
    endpoint_path="/things/{id}",
    request_schema={"properties": {"id": {"type": "string"}}, "examples": [{"id": "a"}]},
)
INTEGRATION = IntegrationDefinition(
    slug="acme",
    name="Acme",
    base_url="https://{subdomain}.acme.example/{site}",
    auth_type=AuthType.API_KEY,
    auth_config={
        "credential_placement": [{"in": "header", "name": "X-Key", "value": "{api_key}"}],
        "verification": {"path": "/me"},
    },
    actions=(ACTION,),
)


async def sends(context: ActionContext, _parameters: JsonObject) -> UpstreamResponse:
    await context.send(OutgoingRequest("GET", "https://acme.example/first"))
    return await context.send(OutgoingRequest("GET", "https://acme.example/second"))


async def sends_nothing(_context: ActionContext, _parameters: JsonObject) -> UpstreamResponse:
    return UpstreamResponse(200, {}, b"")


async def speaks_smtp(context: ActionContext, _parameters: JsonObject) -> Answer:
    connection = await context.connect(context.credential["host"], 25)
    connection.close()
    return Answer(None)


HANDLERS = HandlerRegistry(
    {"acme.sends": sends, "acme.sends_nothing": sends_nothing, "acme.speaks_smtp": speaks_smtp}
)


def changed(definition: IntegrationDefinition, **members: Any) -> IntegrationDefinition:
    return msgspec.structs.replace(definition, **members)


def with_action(**members: Any) -> IntegrationDefinition:
    return changed(INTEGRATION, actions=(msgspec.structs.replace(ACTION, **members),))


async def faults(definition: IntegrationDefinition) -> list[str]:
    return await validate([definition], JsonSchemaParameters(), JsonSchemaConfig(), HANDLERS)


async def test_a_good_definition_has_no_faults() -> None:
    assert await faults(INTEGRATION) == []
    assert await faults(with_action(handler="acme.sends")) == []


async def test_an_example_becomes_a_request() -> None:
    request = await example_request(INTEGRATION, ACTION, {"id": "a b"}, HANDLERS)
    assert request.url == "https://example.acme.example/example/things/a%20b"
    handled = msgspec.structs.replace(ACTION, handler="acme.sends")
    assert (await example_request(INTEGRATION, handled, {"id": "a"}, HANDLERS)).url.endswith("/first")


async def test_a_handler_without_a_request_is_a_fault() -> None:
    silent = msgspec.structs.replace(ACTION, handler="acme.sends_nothing")
    with pytest.raises(InvalidIntegrationConfig):
        await example_request(INTEGRATION, silent, {"id": "a"}, HANDLERS)


async def test_a_handler_of_another_protocol_is_no_fault() -> None:
    assert await faults(with_action(handler="acme.speaks_smtp")) == []
    other = msgspec.structs.replace(ACTION, handler="acme.speaks_smtp")
    with pytest.raises(InvalidIntegrationConfig, match="does not speak HTTP"):
        await example_request(INTEGRATION, other, {"id": "a"}, HANDLERS)


OAUTH2 = {"authorization_url": "https://a.example/authorize", "token_url": "https://a.example/token"}


@pytest.mark.parametrize(
    ("definition", "fault"),
    [
        (with_action(request_schema={}), "acme/get: request_schema has no `examples`."),
        (
            with_action(request_schema={"examples": [{}]}),
            "acme/get: request_schema.examples[0]/parameters/id: is required in the path.",
        ),
        (
            with_action(
                request_schema={"properties": {"id": {"type": "integer"}}, "examples": [{"id": "a"}]}
            ),
            'acme/get: request_schema.examples[0]/parameters/id: value is not of type "integer".',
        ),
        (
            with_action(request_schema={"type": "x", "examples": [{}]}),
            "acme/get: Action 'get': request_schema/type",
        ),
        (with_action(http_method="FETCH"), "acme/get: Action 'get': http_method"),
        (with_action(endpoint_path="//x"), "acme/get: Action 'get': endpoint_path"),
        (with_action(handler="no.such"), "acme/get: There is no handler 'no.such'"),
        (
            with_action(transform_config={"parameters": 5}),
            "acme/get: Action 'get': transform_config.parameters",
        ),
        (
            with_action(transform_config={"parameters": [{"op": "remove", "parameter": "/a~2"}]}),
            "acme/get: transform_config.parameters[0]",
        ),
        (
            with_action(rate_limits=({"requests": 0, "per_seconds": 1},)),
            "acme/get: Action 'get': rate_limits[0].requests",
        ),
        (
            with_action(transform_config={"locations": 5}),
            "acme/get: Action 'get': transform_config.locations",
        ),
        (with_action(transform_config={"success": {}}), "acme/get: Action 'get': transform_config: "),
        (
            with_action(transform_config={"response": {"error": "ok =="}}),
            "acme/get: Action 'get': transform_config.response.error",
        ),
        (
            changed(INTEGRATION, transform_config={"response": 5}),
            "acme: Integration 'acme': transform_config.response",
        ),
        (changed(INTEGRATION, rate_limits=({"requests": 5},)), "acme: Integration 'acme': rate_limits[0]"),
        (changed(INTEGRATION, base_url="ftp://x", actions=()), "acme: Integration 'acme': base_url"),
        (
            changed(INTEGRATION, auth_config={"credential_placement": 5}),
            "acme: Integration 'acme': auth_config.cred",
        ),
        (
            changed(INTEGRATION, auth_config={"verification": {"path": "//x"}}),
            "acme: Action 'verify-connection': endpoint",
        ),
        (
            changed(
                INTEGRATION, auth_config={"verification": {"path": "/x", "response": {"error": "ok =="}}}
            ),
            "acme: Integration 'acme': auth_config.verification: transform_config.response.error",
        ),
        (changed(INTEGRATION, auth_type=AuthType.OAUTH2), "acme: auth_config.authorization_url"),
        (
            changed(
                INTEGRATION, auth_type=AuthType.OAUTH2, auth_config=OAUTH2 | {"token_url": "http://a.example"}
            ),
            "acme: auth_config.token_url",
        ),
        (
            changed(
                INTEGRATION,
                auth_type=AuthType.OAUTH2,
                auth_config=OAUTH2 | {"clientIdEnv": "PORTWAY_JWT_SECRET"},
            ),
            "acme: Integration 'acme': auth_config.clientIdEnv and clientSecretEnv must not name",
        ),
    ],
)
async def test_a_fault_says_where(definition: IntegrationDefinition, fault: str) -> None:
    assert [line for line in await faults(definition) if line.startswith(fault)]
