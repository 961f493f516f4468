"""What an integration states, and what of it is checked."""

from typing import Any

import msgspec
import pytest

from portway.catalog.definitions import FACTS, ActionDefinition, IntegrationDefinition
from portway.catalog.facts import by_category, checked_facts, stated_facts, stats_of
from portway.domain.integration import AuthType

ACTION = ActionDefinition("get", "Get", "GET", "/")
LEAST = IntegrationDefinition("acme", "Acme", "https://api.acme.example", AuthType.NONE)
MOST = IntegrationDefinition(
    "full",
    "Full",
    "https://api.full.example",
    AuthType.OAUTH2,
    auth_config={"scopes": ["a"], "verification": {"path": "/me"}, "account": {"id": "id"}},
    transform_config={"retry": {"max_attempts": 2}},
    rate_limits=({"requests": 1, "per_seconds": 1},),
    category="chat",
    website="https://full.example",
    documentation_url="https://docs.full.example",
    checked={"date": "2026-11-25", "sources": ["https://docs.full.example"]},
    unverified=("scopes", "website"),
    actions=(ACTION, msgspec.structs.replace(ACTION, slug="send", handler="full.send")),
)


def changed(**members: Any) -> IntegrationDefinition:
    return msgspec.structs.replace(LEAST, **members)


@pytest.mark.parametrize(
    ("definition", "facts"),
    [
        (LEAST, ("base_url",)),
        (MOST, FACTS),
        (changed(auth_type=AuthType.BEARER), ("base_url", "auth")),
        (
            changed(actions=(msgspec.structs.replace(ACTION, scopes=("a",)),)),
            ("base_url", "scopes", "actions"),
        ),
        (changed(actions=(msgspec.structs.replace(ACTION, slug="http-request"),)), ("base_url",)),
        (changed(transform_config={"body": {"encoding": "form"}}), ("base_url",)),
    ],
)
def test_what_is_stated(definition: IntegrationDefinition, facts: tuple[str, ...]) -> None:
    assert stated_facts(definition) == facts


def test_what_is_checked() -> None:
    assert checked_facts(MOST) == tuple(fact for fact in FACTS if fact not in ("scopes", "website"))
    assert checked_facts(LEAST) == ()
    assert checked_facts(msgspec.structs.replace(MOST, checked={"date": "2026-11-25", "sources": []})) == ()
    # What is not stated is not checked, whatever is said of it.
    assert checked_facts(changed(checked=MOST.checked, unverified=("retry",))) == ("base_url",)


def test_the_figures() -> None:
    stats = stats_of([LEAST, MOST])
    assert (stats.integrations, stats.curated, stats.actions, stats.actions_with_handler) == (2, 1, 2, 1)
    assert (stats.facts, stats.unverified_facts) == (8, 3)
    assert stats.handler_share == 0.5
    assert stats_of([]).handler_share == 0.0


def test_by_category() -> None:
    assert by_category([MOST, LEAST]) == {"": [LEAST], "chat": [MOST]}
