from datetime import date

import pytest

from portway.catalog.definitions import IntegrationDefinition, load_definitions
from portway.catalog.facts import stats_of
from portway.catalog.handlers import SHIPPED as SHIPPED_HANDLERS
from portway.catalog.handlers import handlers
from portway.catalog.validation import validate
from portway.domain.builtin_actions import HTTP_REQUEST_HANDLER
from portway.domain.integration import AuthType
from portway.domain.rules.execution_logging import redact
from portway.infrastructure.config_schema import JsonSchemaConfig
from portway.infrastructure.json_schema import JsonSchemaParameters

DEFINITIONS = {definition.slug: definition for definition in load_definitions()}


def each_action() -> list[tuple[str, str]]:
    return [(slug, action.slug) for slug, definition in DEFINITIONS.items() for action in definition.actions]


async def test_it_is_valid() -> None:
    assert (
        await validate(list(DEFINITIONS.values()), JsonSchemaParameters(), JsonSchemaConfig(), handlers())
        == []
    )


def test_it_has_the_first_services() -> None:
    assert DEFINITIONS.keys() >= {"gmail", "google-calendar", "google-drive", "google-sheets", "slack"}
    assert {(slug, action) for slug, action in each_action()} >= {
        ("gmail", "send-email"),
        ("google-drive", "upload-file"),
        ("google-sheets", "update-values"),
        ("google-sheets", "append-values"),
        ("slack", "send-message"),
    }


# Of other people, of what is made, or, PayPal's authorization_id, hidden for its name.
SECRET_PARAMETERS = {
    "netlify": {"value"},
    "paypal": {"authorization_id"},
    "plaid": {"access_token", "public_token"},
    "supabase": {"db_pass"},
    "vercel": {"value"},
}


def test_every_handler_is_in_use() -> None:
    named = {action.handler for definition in DEFINITIONS.values() for action in definition.actions}
    assert named - {None} == SHIPPED_HANDLERS.keys() - {HTTP_REQUEST_HANDLER}


def test_it_is_as_large_as_it_is_said_to_be_and_code_is_rare() -> None:
    stats = stats_of(list(DEFINITIONS.values()))
    assert stats.integrations >= 150
    assert stats.curated >= 60
    assert stats.actions >= 600
    assert stats.handler_share <= 0.03


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=lambda definition: definition.slug)
def test_an_integration_is_complete(definition: IntegrationDefinition) -> None:
    assert definition.description
    assert definition.category
    if definition.slug != "smtp":  # everybody has a server of their own
        assert str(definition.website).startswith("https://")
    assert str(definition.documentation_url).startswith("https://")
    if definition.auth_type is AuthType.OAUTH2:
        assert definition.auth_config["clientIdEnv"]
        assert definition.auth_config["clientSecretEnv"]
    assert definition.checked["sources"]
    assert date.fromisoformat(definition.checked["date"]) >= date(2026, 11, 22)


@pytest.mark.parametrize(("slug", "action_slug"), each_action())
def test_an_action_is_complete(slug: str, action_slug: str) -> None:
    definition = DEFINITIONS[slug]
    action = next(action for action in definition.actions if action.slug == action_slug)
    assert action.description.endswith(".")
    asked_for = set(definition.auth_config.get("scopes", ()))
    assert set(action.scopes) <= asked_for, "a new connection could not run it"
    for example in action.examples:
        logged = redact(dict(example), schema=action.request_schema)
        assert isinstance(logged, dict)
        hidden = {name for name, value in example.items() if logged[name] != value}
        assert hidden <= SECRET_PARAMETERS.get(slug, set()), "the log would hide an ordinary value"
