"""What each shipped action sends, to the last byte: the fixtures in the integrations' folders."""

from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec import UNSET

from portway.catalog.definitions import SHIPPED, ActionDefinition, IntegrationDefinition, load_definitions
from portway.catalog.fixtures import Fixture, load_fixtures
from portway.infrastructure.json_schema import JsonSchemaParameters
from tests.catalog.executions import context_of, execute
from tests.catalog.matching import Matcher, request_line

# Speaks SMTP through a socket of its own; its requests are no HTTP.
NOT_HTTP = {"smtp"}
SCHEMA = JsonSchemaParameters()


class Case(NamedTuple):
    integration: IntegrationDefinition
    action: ActionDefinition
    fixture: Fixture


def folders() -> dict[Path, IntegrationDefinition]:
    found = {
        file.parent: load_definitions(file.parent)[0] for file in sorted(SHIPPED.glob("*/integration.yaml"))
    }
    return {folder: definition for folder, definition in found.items() if definition.slug not in NOT_HTTP}


def cases() -> list[Case]:
    return [
        Case(definition, next(one for one in definition.actions if one.slug == fixture.action), fixture)
        for folder, definition in folders().items()
        for fixture in load_fixtures(folder)
    ]


def names(case: Case) -> str:
    return f"{case.integration.slug}/{case.action.slug}"


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_every_action_has_a_fixture(folder: Path) -> None:
    told = {fixture.action for fixture in load_fixtures(folder)}
    assert {action.slug for action in folders()[folder].actions} == told


@pytest.mark.parametrize("case", cases(), ids=names)
async def test_the_exact_requests(case: Case) -> None:
    context = context_of(case.integration, case.action, case.fixture)
    parameters = case.fixture.execution_parameters()
    assert SCHEMA.faults(context.action, parameters) == []

    data = await execute(context, parameters)

    assert [request_line(sent.method, sent.url) for sent in context.requests] == [
        request_line(expected.method, expected.url) for expected in case.fixture.requests
    ]
    matcher = Matcher()
    for expected, sent in zip(case.fixture.requests, context.requests, strict=True):
        await matcher.request(expected, sent)
        assert expected.elsewhere == any(sent is one for one in context.elsewhere)
    if case.fixture.data is not UNSET:
        matcher.json(case.fixture.data, data, "data")
