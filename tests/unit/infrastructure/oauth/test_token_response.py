"""What a token endpoint answers: tokens, a refusal, or a failure that may pass."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.ports.http import UpstreamResponse
from portway.application.ports.token_endpoint import TokenEndpointUnavailable, TokenRequestRefused
from portway.domain.credential import TokenSet
from portway.domain.errors import (
    EgressBlocked,
    InvalidIntegrationConfig,
    UpstreamInvalidResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from portway.domain.json_value import JsonObject
from portway.infrastructure.oauth.token_response import MAX_DESCRIPTION
from tests.unit.infrastructure.oauth.one_answer import NOW, OneAnswer, answer, endpoint, registration

FORM = "application/x-www-form-urlencoded"
HUNDRED_YEARS = 100 * 365 * 86400.0


async def exchange(http: OneAnswer, **auth_config: Any) -> TokenSet:
    return await endpoint(http).exchange_code(
        registration(**auth_config),
        code="the-c0de",
        redirect_uri="https://portway.example/api/v2/oauth/callback",
        code_verifier="the-v3rifier",
    )


async def refresh(http: OneAnswer, **auth_config: Any) -> TokenSet:
    return await endpoint(http).renew(registration(**auth_config), {"refresh_token": "the-r3fresh"}, ())


async def read(body: object, **auth_config: Any) -> TokenSet:
    return await refresh(OneAnswer(answer(body)), **auth_config)


async def test_the_whole_answer_is_kept() -> None:
    body = {"access_token": "a", "team": {"id": "T1"}, "number": 1.5, "none": None}
    assert (await read(body)).answer == body


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (3600, 3600.0),
        ("3600", 3600.0),
        (" 60 ", 60.0),
        (0.5, 0.5),
        (None, None),
        ("", None),
        ("soon", None),
        (0, None),
        (-1, None),
        ("nan", None),
        (True, None),
        ([], None),
        ({}, None),
        ("1e999", HUNDRED_YEARS),
        (10**400, None),
        (10**18, HUNDRED_YEARS),
    ],
)
async def test_lifetimes(expires_in: object, seconds: float | None) -> None:
    tokens = await read({"access_token": "a", "expires_in": expires_in})
    assert tokens.expires_at == (None if seconds is None else NOW + timedelta(seconds=seconds))


EPOCH = int(NOW.timestamp())
LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("expires_at", "time"),
    [
        ("2026-01-02T04:04:05Z", LATER),
        ("2026-01-02T05:04:05+01:00", LATER),
        ("2026-01-02T04:04:05.000", LATER),
        (" 2026-01-02 04:04:05 ", LATER),
        (EPOCH + 3600, LATER),
        (str(EPOCH + 3600), LATER),
        ((EPOCH + 3600) * 1000, LATER),
        (str((EPOCH + 3600) * 1000), LATER),
        (EPOCH + 0.5, NOW + timedelta(seconds=0.5)),
        (10**30, NOW + timedelta(seconds=HUNDRED_YEARS)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        # Of these the lifetime is taken.
        ("9999-12-31T23:59:59-12:00", NOW + timedelta(seconds=60)),
        ("2026-01-02T03:04:04Z", NOW + timedelta(seconds=60)),
        (EPOCH - 1, NOW + timedelta(seconds=60)),
        (0, NOW + timedelta(seconds=60)),
        (True, NOW + timedelta(seconds=60)),
        ("tomorrow", NOW + timedelta(seconds=60)),
        (None, NOW + timedelta(seconds=60)),
        ([], NOW + timedelta(seconds=60)),
    ],
)
async def test_absolute_times(expires_at: object, time: datetime) -> None:
    body = {"access_token": "a", "expires_in": 60, "until": expires_at}
    assert (await read(body, token_response={"expires_at": "until"})).expires_at == time


QUIRKS: dict[str, tuple[dict[str, Any], object, TokenSet]] = {
    "nested": (
        {
            "token_response": {
                "access_token": "authed_user.access_token",
                "refresh_token": "authed_user.refresh_token",
                "expires_in": "authed_user.expires_in",
                "scope": "authed_user.scope",
            },
        },
        {
            "ok": True,
            "access_token": "of-a-bot",
            "authed_user": {"access_token": "u", "refresh_token": "ur", "expires_in": 60, "scope": "a,b"},
        },
        TokenSet("u", "ur", NOW + timedelta(seconds=60), ("a", "b")),
    ),
    "a list": (
        {"token_response": {"access_token": "[0].token"}},
        [{"token": "first"}],
        TokenSet("first"),
    ),
    "a bare text": ({"token_response": {"access_token": "@"}}, "the-token", TokenSet("the-token")),
    "no JSON": ({"token_response": {"access_token": "@"}}, b"the-token\n", TokenSet("the-token")),
    "milliseconds": (
        {"token_response": {"expires_in_unit": "milliseconds"}},
        {"access_token": "a", "expires_in": "90000"},
        TokenSet("a", None, NOW + timedelta(seconds=90)),
    ),
    "a lifetime that only the row knows": (
        {"token_lifetime_seconds": 1800},
        {"access_token": "a"},
        TokenSet("a", None, NOW + timedelta(seconds=1800)),
    ),
    "the answer knows better": (
        {"token_lifetime_seconds": 1800},
        {"access_token": "a", "expires_in": 60},
        TokenSet("a", None, NOW + timedelta(seconds=60)),
    ),
    "never expires": ({"token_lifetime_seconds": 0}, {"access_token": "a"}, TokenSet("a")),
    "another separator": (
        {"scope_separator": "+"},
        {"access_token": "a", "scope": "read+write"},
        TokenSet("a", scopes=("read", "write")),
    ),
    "further members": (
        {"token_response": {"members": {"instance": "host", "shop": "shops[0].id", "none": "nothing", "flag": "flag"}}},
        {"access_token": "a", "host": "eu1", "shops": [{"id": 17}], "flag": True},
        TokenSet("a", members={"instance": "eu1", "shop": "17"}),
    ),
    "made by a function": (
        {"token_response": {"access_token": "join('.', [first, second])"}},
        {"first": "a", "second": "b"},
        TokenSet("a.b"),
    ),
    "takes too long for that answer": (
        {"token_response": {"scope": "[@,@][]" + " | [@,@][]" * 24}},
        {"access_token": "a", "refresh_token": "r"},
        TokenSet("a", "r"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("auth_config", "body", "tokens"), QUIRKS.values(), ids=QUIRKS)
async def test_quirks(auth_config: dict[str, Any], body: object, tokens: TokenSet) -> None:
    found = await read(body, **auth_config)
    assert (found.access_token, found.refresh_token, found.expires_at, found.scopes, found.members) == (
        tokens.access_token,
        tokens.refresh_token,
        tokens.expires_at,
        tokens.scopes,
        tokens.members,
    )


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"access_token=gho_1&scope=repo%2Cgist&token_type=bearer", FORM),
        (b"access_token=gho_1&scope=repo%2Cgist&token_type=bearer", f"{FORM}; charset=utf-8"),
        (b"access_token=gho_1&scope=repo%2Cgist", "text/plain"),
        (b"access_token=gho_1&scope=repo%2Cgist\n", "text/html"),
        (b'{"access_token": "gho_1", "scope": "repo,gist"}', "text/html"),
        (b'{"access_token": "gho_1", "scope": ["repo", "gist", 5, ""]}', "application/octet-stream"),
        (b'\xef\xbb\xbf{"access_token": "gho_1", "scope": "repo gist"}', "text/javascript"),
        ('{"access_token": "gho_1", "scope": "repo gist"}'.encode("utf-16"), FORM),
    ],
)
async def test_content_types_do_not_matter(body: bytes, content_type: str) -> None:
    tokens = await refresh(OneAnswer(answer(body, content_type=content_type)))
    assert (tokens.access_token, tokens.scopes) == ("gho_1", ("repo", "gist"))


async def test_a_form_may_refuse_too() -> None:
    body = b"error=bad_verification_code&error_description=The+code+is+incorrect."
    with pytest.raises(TokenRequestRefused, match=r"^bad_verification_code: The code is incorrect\.$"):
        await exchange(OneAnswer(answer(body, content_type=FORM)))


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ("a b", ("a", "b")),
        ("a,b", ("a", "b")),
        ("a, b  c", ("a", "b", "c")),
        ("https://www.googleapis.com/auth/gmail.send", ("https://www.googleapis.com/auth/gmail.send",)),
        (["a", "b c"], ("a", "b c")),
        ("", None),
        (None, None),
        ([], None),
        ([7], None),
        ({}, None),
        ("a\0 \ud800 b", ("b",)),
        (["a\0", "\ud800", "b c"], ("b c",)),
    ],
)
async def test_scopes(scope: object, scopes: tuple[str, ...] | None) -> None:
    assert (await read({"access_token": "a", "scope": scope})).scopes == scopes


async def test_strange_members_do_not_cost_the_tokens() -> None:
    body: JsonObject = {
        "access_token": "a",
        "refresh_token": "",
        "token_type": 7,
        "error": "",
        "scope": 5,
        "x": "\ud800",
    }
    assert await read(body) == TokenSet("a", answer=body)
    tokens = await read(
        b'{"access_token": "a", "x": NaN, "member": "\\ud800"}', token_response={"members": {"m": "member"}}
    )
    assert (tokens.members, tokens.answer["x"]) == ({}, None)
    nul = await read(
        b'{"access_token": "a", "member": "b\\u0000"}', token_response={"members": {"m": "member"}}
    )
    assert nul.members == {}


REFUSALS: dict[str, tuple[int, object, str]] = {
    "400": (400, {"error": "invalid_grant", "error_description": "gone"}, "invalid_grant: gone"),
    "401": (401, {"error": "invalid_client"}, "invalid_client"),
    "403": (403, {"error": "access_denied", "error_description": 5}, "access_denied"),
    "200 with an error": (200, {"error": "bad_verification_code"}, "bad_verification_code"),
    "200, ok false": (200, {"ok": False, "error": "invalid_code"}, "invalid_code"),
    "200 with no token": (200, {"access_token": "", "error": "invalid_grant"}, "invalid_grant"),
    "a number": (200, {"error": 40029}, "40029"),
    "no name": (400, {"error": True, "error_description": "no"}, "refused: no"),
    "control characters": (400, {"error": "a\r\nb", "error_description": "x\x00\ud83d y"}, "a b: x  y"),
    "repeats secrets": (
        400,
        {"error": "invalid_grant", "error_description": "the-r3fresh of client-s3cret is revoked"},
        "invalid_grant: [redacted] of [redacted] is revoked",
    ),
}


@pytest.mark.parametrize(("status", "body", "detail"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_refusals(status: int, body: object, detail: str) -> None:
    with pytest.raises(TokenRequestRefused) as refused:
        await refresh(OneAnswer(answer(body, status)))
    assert refused.value.detail == detail
    assert refused.value.error == detail.partition(":")[0]


@pytest.mark.parametrize(
    ("rules", "body", "detail"),
    [
        ({"error": "ok == `false`"}, {"ok": False}, "refused"),
        ({"error": "code != `0` && to_string(code)"}, {"code": 20029}, "20029"),
        ({"error": "code"}, {"code": 20029}, "20029"),
        ({"error": "errors[0].title", "error_description": "errors[0].detail"},
         {"errors": [{"title": "gone", "detail": "The token is gone."}]}, "gone: The token is gone."),
        # GitHub's own name for a refresh token that is not good any more.
        ({"error": "error == 'bad_refresh_token' && 'invalid_grant' || error"},
         {"error": "bad_refresh_token"}, "invalid_grant"),
    ],
)  # fmt: skip
async def test_errors_by_the_rows_expression(rules: dict[str, Any], body: object, detail: str) -> None:
    with pytest.raises(TokenRequestRefused) as refused:
        await refresh(OneAnswer(answer(body)), token_response=rules)
    assert refused.value.detail == detail


async def test_an_access_token_counts_for_more_than_an_error() -> None:
    """It may come with the only copy of a new refresh token."""
    tokens = await read({"access_token": "a", "refresh_token": "r", "error": "partial"})
    assert (tokens.access_token, tokens.refresh_token) == ("a", "r")


async def test_a_code_is_not_repeated_either() -> None:
    body = {"error": "invalid_grant", "error_description": "code the-c0de, verifier the-v3rifier"}
    with pytest.raises(TokenRequestRefused) as refused:
        await exchange(OneAnswer(answer(body, 400)))
    assert refused.value.detail == "invalid_grant: code [redacted], verifier [redacted]"


async def test_long_words_are_cut() -> None:
    with pytest.raises(TokenRequestRefused) as refused:
        await refresh(OneAnswer(answer({"error": "e" * 999, "error_description": "d" * 999}, 400)))
    assert len(refused.value.error) == MAX_DESCRIPTION
    assert refused.value.detail == "e" * MAX_DESCRIPTION + ": " + "d" * MAX_DESCRIPTION
    with pytest.raises(TokenEndpointUnavailable) as failed:
        await refresh(OneAnswer(answer({"error": "e" * 999}, 503)))
    assert len(failed.value.detail) <= MAX_DESCRIPTION


@pytest.mark.parametrize(
    "given_answer",
    [
        answer({"error": "invalid_grant"}, 500),
        answer({"error": "invalid_grant"}, 503),
        answer({"error": "invalid_grant"}, 429),
        answer({"error": "the-r3fresh the-c0de client-s3cret"}, 503),
        answer({"error": "temporarily_unavailable"}, 400),
        answer({"error": "server_error"}, 400),
        answer({"message": "private words"}, 400),
        answer({"message": "private words"}, 401),
        answer({"error": {"code": 190, "message": "private words"}}, 400),
        answer({"error": ["private words"]}, 400),
        answer({"error": 0}, 400),
        answer({"private": "words"}),
        answer({"access_token": 5}),
        answer({"access_token": "private\r\nwords"}),
        answer({"access_token": "private\ud800"}),
        answer({"access_token": "private words"}, 302),
        answer({"access_token": "private words"}, 400),
        answer(b"<html>private words</html>"),
        answer(b"<html>private words</html>", 400),
        answer(b"access_token=private%0Awords"),
        answer(b"private=words"),
        answer(b"private words", content_type=FORM),
        answer(b""),
        answer(b"", content_type=FORM),
        answer(b"\xff\xfe"),
        answer(b"[" * 100_000),
        answer(b'["private words"]'),
        UpstreamTimeout("auth.example did not answer within 20 seconds."),
        UpstreamUnreachable("No connection to auth.example: Connection refused."),
        UpstreamInvalidResponse("What auth.example answered is not valid HTTP."),
    ],
)
async def test_what_may_be_tried_again(given_answer: UpstreamResponse | Exception) -> None:
    for call in (exchange, refresh):
        with pytest.raises(TokenEndpointUnavailable) as failed:
            await call(OneAnswer(given_answer))
        assert "auth.example" in failed.value.detail
        assert "private" not in failed.value.detail
        assert not any(word in failed.value.detail for word in ("s3cret", "r3fresh the-c0de"))


@given(st.binary() | st.recursive(st.none() | st.text() | st.floats() | st.integers(), st.lists).map(repr))
async def test_no_answer_is_anything_but_tokens_a_refusal_or_a_failure(body: bytes | str) -> None:
    raw = (
        body if isinstance(body, bytes) else b'{"error": %s}' % body.replace("'", '"').encode(errors="ignore")
    )
    with pytest.raises((TokenEndpointUnavailable, TokenRequestRefused)):
        await refresh(OneAnswer(answer(raw)))


async def test_egress_refusals_pass_through() -> None:
    with pytest.raises(EgressBlocked):
        await refresh(OneAnswer(EgressBlocked()))


@pytest.mark.parametrize(
    ("member", "expression"),
    [
        ("access_token", "a["),
        ("expires_at", "nothing()"),
        ("members.account", "&a"),
    ],
)
async def test_a_broken_expression_is_found_before_a_token_is_spent(member: str, expression: str) -> None:
    http = OneAnswer(answer({"access_token": "a"}))
    name, _, inner = member.partition(".")
    rules = {name: {inner: expression} if inner else expression}
    with pytest.raises(
        InvalidIntegrationConfig, match=rf"'example': auth_config\.token_response\.{member} is no JMESPath"
    ):
        await refresh(http, token_response=rules)
    assert http.sent == []
