"""How the lists of Stripe, Twilio, HubSpot and Airtable go on, in the answers that their documents show."""

from typing import Any
from uuid import UUID

import pytest

from portway.application.language.documents import read_action_config
from portway.application.ports.http import UpstreamResponse
from portway.application.responses.pagination import Page, read_page
from portway.domain.json_value import JsonValue
from tests.catalog.specifications import definition

TWILIO = "https://api.twilio.com/2010-04-01/Accounts/AC1"
NEXT = "/2010-04-01/Accounts/AC1/Messages.json?PageSize=1&Page=1&PageToken=PASM1"

STRIPE = [
    "list-customers", "list-payment-intents", "list-charges", "list-products",
]  # fmt: skip
HUBSPOT = ["list-contacts", "search-contacts", "search-companies", "search-deals", "list-owners"]


def page(folder: str, slug: str, body: Any, url: str = "https://unused.example/") -> Page:
    integration = definition(folder)
    action = next(action for action in integration.actions if action.slug == slug)
    made = integration.integration(UUID(int=1))
    pagination = read_action_config(made, action.action(UUID(int=2), made.id)).pagination
    assert pagination is not None
    response = UpstreamResponse(200, {}, b"")
    return read_page(pagination, response, body, parameters={"limit": 2}, url=url)


@pytest.mark.parametrize("slug", STRIPE)
def test_stripe_goes_on_after_the_last_id(slug: str) -> None:
    items: list[JsonValue] = [{"id": "cus_1"}, {"id": "cus_2"}]
    assert page("stripe", slug, {"object": "list", "data": items, "has_more": True}) == Page(
        items, next_parameters={"limit": 2, "starting_after": "cus_2"}
    )
    assert page("stripe", slug, {"object": "list", "data": items, "has_more": False}) == Page(items)


@pytest.mark.parametrize("slug", HUBSPOT)
def test_hubspot_goes_on_at_its_cursor(slug: str) -> None:
    body = {"results": [{"id": "1"}], "paging": {"next": {"after": "NTI1", "link": "?after=NTI1"}}}
    assert page("hubspot", slug, body).next_parameters == {"limit": 2, "after": "NTI1"}
    assert page("hubspot", slug, {"results": [{"id": "1"}]}) == Page([{"id": "1"}])


@pytest.mark.parametrize(("slug", "member"), [("list-records", "records"), ("list-bases", "bases")])
def test_airtable_goes_on_at_its_offset(slug: str, member: str) -> None:
    body = {member: [{"id": "x1"}], "offset": "itr1/x1"}
    assert page("airtable", slug, body).next_parameters == {"limit": 2, "offset": "itr1/x1"}
    assert page("airtable", slug, {member: []}) == Page([])


@pytest.mark.parametrize(
    ("slug", "member"),
    [
        ("list-messages", "messages"),
        ("list-calls", "calls"),
        ("list-phone-numbers", "incoming_phone_numbers"),
        ("list-recordings", "recordings"),
    ],
)
def test_twilio_names_its_next_page(slug: str, member: str) -> None:
    url = f"{TWILIO}/Messages.json?PageSize=1"
    found = page("twilio", slug, {member: [{"sid": "SM1"}], "next_page_uri": NEXT}, url)
    assert found == Page([{"sid": "SM1"}], next_url=f"https://api.twilio.com{NEXT}")
    assert page("twilio", slug, {member: [], "next_page_uri": None}, url) == Page([])
