"""The hosted page as HTML: what it says in each state, and what never stands in it."""

import re
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import pytest

from portway.api.connect_page import pages
from portway.api.connect_page.fields import Entered
from portway.api.connect_page.html import Html, fill
from portway.api.connect_page.words import refused_sign_in, service_words, trouble_of
from portway.application.connect_form import connect_form
from portway.application.ports.connect_links import LinkedConnection, OpenedLink
from portway.domain import errors
from portway.domain.connect_link import LinkStatus
from portway.domain.errors import Fault
from portway.domain.integration import AuthType
from portway.domain.json_value import JsonValue
from tests.fakes.definitions import an_integration

EVIL = '"><script>alert(1)</script>'
SECRET = "a-secret-that-was-entered"


def a_link(auth_type: AuthType = AuthType.BASIC, *, name: str = "Zendesk", **members: Any) -> OpenedLink:
    auth_config = members.pop("auth_config", {})
    return OpenedLink(
        **{
            "id": uuid4(),
            "status": LinkStatus.READY,
            "sealed_pass": "the-links-pass",
            "organization_name": "Northwind",
            "workspace_name": "Support",
            "workspace_id": uuid4(),
            "integration": an_integration(name=name, auth_type=auth_type, auth_config=auth_config),
            **members,
        }
    )


def form_page(link: OpenedLink, entered: Entered | None = None, alert: Html | None = None) -> str:
    form = connect_form(link.integration, {})
    return pages.form_page(
        link, form, action="/connect/token", entered=entered, alert=alert or Html(""), back=None
    )


class _Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_values_in_a_template_are_escaped_and_html_is_not() -> None:
    assert (
        fill('<p title="{a}">{b}</p>', a="\"<&'", b=Html("<b>")) == '<p title="&quot;&lt;&amp;&#x27;"><b></p>'
    )


def test_it_says_who_asks_for_what() -> None:
    page = form_page(a_link())
    assert "<h1>Connect Zendesk to Northwind</h1>" in page
    assert "Connect Zendesk</button>" in page
    assert "the-links-pass" not in page


def test_every_field_has_a_label() -> None:
    schema = {"properties": {"a": {"type": "boolean"}, "b": {"enum": ["x"]}, "c": {"description": "Help."}}}
    elements = _Elements(form_page(a_link(AuthType.JWT_BEARER, auth_config={"config_schema": schema})))
    labelled = {label["for"] for label in elements.of("label")}
    controls = [*elements.of("input"), *elements.of("select"), *elements.of("textarea")]
    assert labelled == {control["id"] for control in controls}
    described = next(control for control in controls if control["name"] == "config.c")
    assert f'id="{described["aria-describedby"]}"' in form_page(
        a_link(AuthType.JWT_BEARER, auth_config={"config_schema": schema})
    )


def test_a_private_key_keeps_its_lines() -> None:
    (area,) = _Elements(form_page(a_link(AuthType.JWT_BEARER))).of("textarea")
    assert area["name"] == "credentials.private_key"


def test_what_was_entered_is_kept_and_secrets_are_not_shown_again() -> None:
    entered = Entered({"credentials.username": "ada", "credentials.password": SECRET}, {})
    page = form_page(a_link(), entered)
    assert SECRET not in page
    assert SECRET not in repr(entered)
    inputs = {field["name"]: field for field in _Elements(page).of("input")}
    assert inputs["credentials.username"]["value"] == "ada"
    assert inputs["credentials.password"]["type"] == "password"


def test_an_error_stands_at_its_field_and_the_first_has_the_focus() -> None:
    entered = Entered(
        {}, {"credentials.username": "Please fill this in.", "credentials.password": "Too short."}
    )
    page = form_page(a_link(), entered)
    inputs = {field["name"]: field for field in _Elements(page).of("input")}
    assert inputs["credentials.username"]["aria-invalid"] == "true"
    assert "autofocus" in inputs["credentials.username"]
    assert "autofocus" not in inputs["credentials.password"]
    error_id = inputs["credentials.username"]["aria-describedby"]
    assert re.search(rf'id="{error_id}">Please fill this in\.<', page)


def test_scopes_are_shown_in_words_where_there_are_some() -> None:
    config = {
        "authorization_url": "https://auth.example/authorize",
        "scopes": ["read", "write"],
        "scope_descriptions": {"read": "Read your tickets"},
    }
    page = form_page(a_link(AuthType.OAUTH2, auth_config=config))
    assert "<li>Read your tickets</li><li><code>write</code></li>" in page
    assert "Continue to Zendesk</button>" in page


def test_a_reconnect_link_names_the_account() -> None:
    connection = LinkedConnection(uuid4(), "Billing", "ada@example.com", (), {})
    page = form_page(a_link(reconnect=True, connection=connection))
    assert "<h1>Reconnect Zendesk for Northwind</h1>" in page
    assert "ada@example.com" in page


@pytest.mark.parametrize("status", [LinkStatus.USED, LinkStatus.EXPIRED, LinkStatus.REVOKED])
def test_a_link_that_is_good_no_more_asks_for_nothing(status: LinkStatus) -> None:
    page = pages.unusable_page(a_link(status=status))
    assert "<form" not in page
    assert "ask whoever sent you this one" in page


def test_nothing_that_others_wrote_becomes_html() -> None:
    connection = LinkedConnection(uuid4(), EVIL, EVIL, (EVIL,), {})
    config = {
        "authorization_url": "https://auth.example/authorize",
        "scopes": [EVIL],
        "config_schema": {
            "properties": {
                EVIL: {"title": EVIL, "description": EVIL, "pattern": f"^{EVIL}$", "examples": [EVIL]},
                "choice": {"enum": [EVIL], "default": EVIL},
            }
        },
    }
    link = a_link(
        AuthType.OAUTH2, name=EVIL, organization_name=EVIL, reconnect=True, connection=connection,
        auth_config=config,
    )  # fmt: skip
    entered = Entered({f"config.{EVIL}": EVIL}, {f"config.{EVIL}": EVIL})
    shown = [
        form_page(link, entered, pages.alert(EVIL, EVIL)),
        pages.going_page(link, f"https://auth.example/?{EVIL}"),
        pages.connected_page(link, f"https://app.example/?{EVIL}"),
        pages.unfinished_page(link),
    ]
    for page in shown:
        assert "<script" not in page
        assert not _Elements(page).of("script")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "Invalid key"}, "Invalid key"),
        ({"error": {"type": "x", "message": "No such key"}}, "No such key"),
        ({"error": "invalid_key"}, "invalid_key"),
        ({"errors": [{"detail": "Bad token"}]}, "Bad token"),
        ({"ok": False}, ""),
        ("<html>Sorry</html>", ""),
        ("Two\nlines\u202e", "Two lines"),
        ("x" * 300, "x" * 200 + "…"),
        (None, ""),
        ([], ""),
    ],
)
def test_the_services_own_words(body: JsonValue, words: str) -> None:
    assert service_words(body) == words


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (errors.UpstreamError(401, {}, {}), 422, "did not accept"),
        (errors.UpstreamError(500, {}, {}), 502, "at the moment"),
        (errors.UpstreamTimeout(), 502, "at the moment"),
        (errors.UpstreamUnreachable(), 502, "at the moment"),
        (errors.RateLimited(90), 429, "Wait 2 minutes"),
        (errors.RateLimited(5), 429, "Wait a minute"),
        (errors.Unavailable(), 503, "does not work"),
        (errors.AccountMismatch(), 409, "another Zendesk account"),
        (errors.MalformedRequest(faults=[Fault("/credentials/username", "x")]), 422, "marked below"),
    ],
)
def test_what_went_wrong_in_plain_words(error: errors.PortwayError, status: int, text: str) -> None:
    link = a_link()
    trouble = trouble_of(error, link, connect_form(link.integration, {}))
    assert trouble is not None
    assert trouble.status == status
    assert text in trouble.text


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidIntegrationConfig("No OAuth client is set"),
        errors.EgressBlocked(),
        errors.MalformedRequest(faults=[Fault("/oauth_client", "is not there")]),
    ],
)
def test_what_the_person_cannot_mend(error: errors.PortwayError) -> None:
    link = a_link()
    assert trouble_of(error, link, connect_form(link.integration, {})) is None


def test_a_sign_in_that_was_refused() -> None:
    link = a_link(connection=LinkedConnection(uuid4(), "Billing", "ada@example.com", (), {}))
    assert "did not allow it" in refused_sign_in(link, "access_denied", "").text
    assert "Use ada@example.com, please." in refused_sign_in(link, "account_mismatch", "").text
    other = refused_sign_in(link, "server_error", "It is\nbroken")
    assert (other.more, "Try again" in other.text) == ("It is broken", True)
