"""HubSpot's actions agree with HubSpot's own client."""

import pytest

from portway.catalog.definitions import ActionDefinition
from tests.catalog.hubspot_client import hubspot
from tests.catalog.specifications import definition, example_faults

DEFINITION = definition("hubspot")


@pytest.mark.parametrize("action", DEFINITION.actions, ids=lambda action: action.slug)
async def test_each_action_agrees(action: ActionDefinition) -> None:
    assert await example_faults(DEFINITION, action, hubspot()) == set()


def test_the_client_is_understood() -> None:
    """That there are faults to be found, so that finding none means something."""
    operations = {(one.method, one.path): one for one in hubspot().operations.all}
    search = operations["POST", "/crm/v3/objects/contacts/search"]
    assert search.body is not None
    listing = operations["GET", "/crm/v3/objects/contacts"]
    assert {"after", "limit", "properties"} <= listing.named("query").keys()
    schemas = hubspot().document["components"]["schemas"]
    assert schemas["contacts.AssociationSpec"]["required"] == ["associationCategory", "associationTypeId"]
    assert "EQ" in schemas["contacts.FilterOperatorEnum"]["enum"]
