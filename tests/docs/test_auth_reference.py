"""docs/reference/auth-config.md: every row can be read, every example is true, and no member lacks one."""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from portway.application.language import auth_config
from portway.application.language.auth_config import AuthConfig
from portway.application.language.documents import read_auth_config
from portway.domain.integration import AuthType
from tests.docs.auth_examples import Example, come_of, examples
from tests.docs.documents import ROOT, blocks

DOCUMENT = "docs/reference/auth-config.md"
TEXT = (ROOT / DOCUMENT).read_text(encoding="utf-8")
EXAMPLES = examples(blocks(DOCUMENT))
TOLD_IN_A_LINE = {auth_config.FollowUp, auth_config.Account, auth_config.Verification}
TABLES = {
    "Where the credential goes": auth_config.Placement,
    "What a person enters": auth_config.CredentialField,
    "`token_request`": auth_config.TokenRequest,
    "`token_response`": auth_config.TokenResponse,
    "Signed JWTs": auth_config.JwtAssertion,
    "Two steps: a login": auth_config.Login,
    "OAuth 1.0a": auth_config.OAuth1,
    "AWS Signature Version 4": auth_config.AwsSigV4,
}
# Those of the parts are under headings of their own, and there are two tables of `auth_config` itself.
PARTS = {"credential_placement", "credential_fields", "jwt", "login", "oauth1", "aws_sigv4"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: json.dumps(example.row)[:60])
def test_the_example_is_true(example: Example) -> None:
    read_auth_config(example.integration)
    if example.request or example.jwt:
        request, jwt, _ = come_of(example)
        assert (request, jwt) == (example.request, example.jwt)
    for answer, outcome in example.outcomes:
        assert come_of(example, answer)[2] == outcome


def test_only_what_is_used_when_somebody_connects_is_not_shown_in_a_request() -> None:
    silent = [example for example in EXAMPLES if not (example.request or example.jwt or example.outcomes)]
    assert [set(example.row) for example in silent] == [{"auth_type", "base_url", "auth_config"}]


@pytest.mark.parametrize(("heading", "kind"), TABLES.items())
def test_every_member_of_a_part_is_described_and_has_an_example(heading: str, kind: type[Any]) -> None:
    members = set(kind.__struct_encode_fields__)
    assert _listed(_section(heading)) == members
    used = {name for part in _parts(kind) for name in part}
    assert used == members


def test_every_member_is_described_and_has_an_example() -> None:
    members = set(AuthConfig.__struct_encode_fields__)
    listed = _listed(_section("OAuth 2 by redirect")) | _listed(
        _section("What a connection knows of its account")
    )
    assert listed == members - PARTS
    assert all(f"`{name}`" in TEXT for name in PARTS)
    used = {name for example in EXAMPLES for name in example.row["auth_config"]}
    assert used == members - {"clientIdEnv", "clientSecretEnv"}
    for kind in TOLD_IN_A_LINE:
        assert all(f"`{name}`" in TEXT or f'"{name}"' in TEXT for name in kind.__struct_encode_fields__)


def test_every_auth_type_and_authentication_is_described() -> None:
    assert all(f"`{auth_type.value}`" in TEXT for auth_type in AuthType)
    shown = {example.integration.auth_type for example in EXAMPLES}
    assert shown == set(AuthType) - {AuthType.NONE}
    methods = {example.row["auth_config"].get("token_endpoint_auth_method") for example in EXAMPLES}
    assert methods == {None, "client_secret_basic", "private_key_jwt", "none"}
    assert all(f"`{name}`" in TEXT for name in get_args(auth_config.RenamedParameter))


def test_the_link_from_the_rows_leads_here() -> None:
    rows = (ROOT / "docs/reference/integration-rows.md").read_text(encoding="utf-8")
    linked = re.findall(r"\(auth-config\.md(?:#([\w-]+))?\)", rows)
    assert linked
    for anchor in filter(None, linked):
        assert anchor in _anchors()
    for anchor in re.findall(r"\]\(#([\w-]+)\)", TEXT):
        assert anchor in _anchors()


def _parts(kind: type[Any]) -> Iterator[dict[str, Any]]:
    """Every part of this kind in the examples, as it is written."""
    names: dict[Any, str] = {
        auth_config.TokenRequest: "token_request",
        auth_config.TokenResponse: "token_response",
        auth_config.JwtAssertion: "jwt",
        auth_config.Login: "login",
        auth_config.OAuth1: "oauth1",
        auth_config.AwsSigV4: "aws_sigv4",
    }
    for example in EXAMPLES:
        document = example.row["auth_config"]
        if kind is auth_config.Placement:
            yield from document.get("credential_placement", [])
        elif kind is auth_config.CredentialField:
            yield from (field for field in document.get("credential_fields", []) if isinstance(field, dict))
        elif names[kind] in document:
            yield document[names[kind]]


def _section(heading: str) -> str:
    """To the next heading, of whatever level."""
    return re.split(rf"^##+ {re.escape(heading)}$", TEXT, maxsplit=1, flags=re.M)[1].partition("\n##")[0]


def _listed(text: str) -> set[str]:
    """The members in the first columns of tables of members."""
    rows = re.findall(r"^\| (`[^|]+`) \|[^|]*\|[^|]*\|$", text, re.M)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def _anchors() -> set[str]:
    headings = re.findall(r"^##+ (.+)$", TEXT, re.M)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
