"""GitHub's actions agree with GitHub's OpenAPI document."""

import pytest

from portway.catalog.definitions import ActionDefinition
from tests.catalog.specifications import Specification, definition, example_faults

DEFINITION = definition("github")
SPECIFICATION = Specification.read("@octokit/openapi/generated/api.github.com.json")


@pytest.mark.parametrize("action", DEFINITION.actions, ids=lambda action: action.slug)
async def test_each_action_agrees(action: ActionDefinition) -> None:
    assert await example_faults(DEFINITION, action, SPECIFICATION) == set()
