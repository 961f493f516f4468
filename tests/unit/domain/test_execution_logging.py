import base64
import html
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portway.domain.json_value import JsonValue
from portway.domain.rules import execution_logging
from portway.domain.rules.execution_logging import (
    MAX_PAYLOAD_BYTES,
    REDACTED,
    cut,
    hides_nothing,
    is_secret_name,
    json_text,
    logged_text,
    mask_literals,
    redact,
)
from portway.domain.rules.secret_literals import Literals
from tests.unit.domain.json_values import TEXTS, VALUES

SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=6, max_size=24)


SECRET_NAMES = """
    password api_key apiKey APIKey X-Api-Key access_token accessToken client.secret token clientSecret
    Authorization set-cookie refresh_token userPassword privateKey credentials JWTToken secrets passwords
    cookies signature aws_secret_access_key one_time_passcode
"""
OTHER_NAMES = """
    page_token nextPageToken sync_token max_tokens author keyboard secretary tokenizer key spinner subject
    cookied id
"""


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", OTHER_NAMES.split())
def test_names_of_no_secrets(name: str) -> None:
    assert not is_secret_name(name)


def texts_in(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from texts_in(member)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, str):
        yield value
    else:
        yield json.dumps(value)


def holding(secret: str) -> st.SearchStrategy[JsonValue]:
    """JSON that has the secret in it somewhere, as it is or escaped."""
    forms = [
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(secret)[1:-1].replace("/", "\\/"),
        html.escape(secret),
    ]
    text = st.builds(lambda a, form, b: a + form + b, TEXTS, st.sampled_from(forms), TEXTS)
    leaf: st.SearchStrategy[JsonValue] = text | VALUES
    return st.recursive(
        leaf,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text | TEXTS, inner, max_size=4),
        max_leaves=10,
    )


def overlaps_the_mask(secret: str) -> bool:
    """Whether part of the mask is part of the secret at its edge, so that masking could spell it anew."""
    return (
        any(
            secret.startswith(REDACTED[-size:]) or secret.endswith(REDACTED[:size])
            for size in range(1, len(REDACTED))
        )
        or secret in REDACTED
    )


@given(data=st.data(), secret=SECRETS)
def test_no_secret_survives_anywhere(data: st.DataObject, secret: str) -> None:
    assume(not overlaps_the_mask(secret))
    payload = data.draw(holding(secret))
    logged = redact(payload, secrets=[secret, "another secret"])
    escaped = json.dumps(secret)[1:-1]
    for text in texts_in(logged):
        assert secret not in text
        assert escaped not in text
        assert escaped.replace("/", "\\/") not in text


@given(data=st.data(), secret=st.from_regex(r"[A-Za-z0-9/+_-]{8,40}", fullmatch=True))
def test_no_token_survives_in_the_stored_json(data: st.DataObject, secret: str) -> None:
    assume(not overlaps_the_mask(secret))
    payload = data.draw(holding(secret))
    assert secret not in json.dumps(redact(payload, secrets=[secret]), ensure_ascii=False)


def test_a_secret_of_digits_does_not_survive_as_a_number() -> None:
    assert redact({"pin": 1, "echo": 48151623}, secrets=["48151623"]) == {"pin": REDACTED, "echo": REDACTED}
    assert redact([148151623, 4815.1623, True, None, 7], secrets=["48151623"]) == [
        REDACTED,
        4815.1623,
        True,
        None,
        7,
    ]


def test_a_secret_does_not_survive_in_what_the_caller_sees() -> None:
    shown = mask_literals(
        {"password": "mine", "echo": ["it is s3cret/4815", 4815162342]}, ["s3cret/4815", "4815162342"]
    )
    assert shown == {"password": "mine", "echo": [f"it is {REDACTED}", REDACTED]}


@pytest.mark.parametrize("form", ["ab/cd&amp;&quot;eü", 'ab/cd&\\"e\\u00fc', 'ab\\/cd&\\"eü'])
def test_a_secret_is_found_in_the_ways_that_services_escape(form: str) -> None:
    assert redact(f"<{form}>", secrets=['ab/cd&"eü']) == f"<{REDACTED}>"


@pytest.mark.parametrize(
    "form", ["a%2Fb%2Bc%20d", "a/b%2Bc%20d", "a%2Fb%2Bc+d", "a%2fb%2bc%20d", "a/b%2bc%20d", "a%2fb%2bc+d"]
)
def test_a_secret_is_found_in_the_ways_that_urls_and_forms_write_it(form: str) -> None:
    assert redact(f"?x={form}&y", secrets=["a/b+c d"]) == f"?x={REDACTED}&y"


@given(secret=st.from_regex(r"[A-Za-z0-9._~+/=-]{6,40}", fullmatch=True))
def test_the_short_way_to_these_spellings_leads_to_the_same(secret: str) -> None:
    small = re.compile("%..")
    for form in (quote(secret, safe=""), quote(secret), quote_plus(secret), quote_plus(secret, safe="/")):
        for written in (form, small.sub(lambda match: match[0].lower(), form)):
            assert redact(written, secrets=[secret]) == REDACTED


def test_short_values_are_no_secrets_to_look_for() -> None:
    assert redact({"a": "to be or not"}, secrets=["to", ""]) == {"a": "to be or not"}


@given(payload=VALUES)
def test_what_is_logged_fits_into_postgresql(payload: JsonValue) -> None:
    logged = redact(payload)
    assert "\\u0000" not in json.dumps(logged)
    json.dumps(logged, ensure_ascii=False).encode()


def test_halves_of_surrogate_pairs_and_nul_are_replaced() -> None:
    assert redact({"a\x00": "b\ud83d"}) == {"a\ufffd": "b\ufffd"}


@given(payload=VALUES)
def test_redaction_is_done_once(payload: JsonValue) -> None:
    logged = redact(payload)
    assert redact(logged) == logged


PASSWORD = {"type": "string", "writeOnly": True}


@pytest.mark.parametrize(
    ("schema", "payload", "logged"),
    [
        ({"properties": {"pw": PASSWORD}}, {"pw": "x", "a": "y"}, {"pw": REDACTED, "a": "y"}),
        ({"properties": {"pw": {"format": "password"}}}, {"pw": 5}, {"pw": REDACTED}),
        ({"items": PASSWORD}, ["x", "y"], [REDACTED, REDACTED]),
        ({"prefixItems": [{}, PASSWORD]}, ["x", "y"], ["x", REDACTED]),
        ({"additionalProperties": PASSWORD}, {"any": "x"}, {"any": REDACTED}),
        ({"patternProperties": {"^pw": PASSWORD}}, {"pw1": "x"}, {"pw1": REDACTED}),
        ({"$defs": {"p": PASSWORD}, "properties": {"a": {"$ref": "#/$defs/p"}}}, {"a": "x"}, {"a": REDACTED}),
        ({"$defs": {"a/b~c": PASSWORD}, "items": {"$ref": "#/$defs/a~1b~0c"}}, ["x"], [REDACTED]),
        ({"$defs": {"p": PASSWORD | {"$anchor": "pw"}}, "items": {"$ref": "#pw"}}, ["x"], [REDACTED]),
        (
            {"oneOf": [{"properties": {"a": {}}}, {"properties": {"a": PASSWORD}}]},
            {"a": "x"},
            {"a": REDACTED},
        ),
        ({"if": {}, "then": {"properties": {"a": PASSWORD}}}, {"a": "x"}, {"a": REDACTED}),
        ({"dependentSchemas": {"a": {"properties": {"a": PASSWORD}}}}, {"a": "x"}, {"a": REDACTED}),
        (
            {"properties": {"child": {"$ref": "#"}, "pw": PASSWORD}},
            {"child": {"child": {"pw": "x", "b": 1}}},
            {"child": {"child": {"pw": REDACTED, "b": 1}}},
        ),
        (
            {"allOf": [{"$ref": "#"}], "properties": {"pw": PASSWORD}},
            {"pw": "x", "b": 1},
            {"pw": REDACTED, "b": 1},
        ),
        (
            {"properties": {"a": True, "b": "broken"}, "allOf": 3, "$ref": 5, "items": [1]},
            {"a": "x"},
            {"a": "x"},
        ),
    ],
)
def test_what_the_schema_marks_is_masked(schema: Any, payload: JsonValue, logged: JsonValue) -> None:
    assert redact(payload, schema=schema) == logged


def test_a_schema_too_wide_to_read_masks_rather_than_leaks() -> None:
    harmless: list[Any] = [{"properties": {"a": {"const": number}}} for number in range(300)]
    secret: Any = {"properties": {"a": PASSWORD}}
    assert redact({"a": "x"}, schema={"anyOf": [secret, *harmless]}) != {"a": "x"}
    assert redact({"a": "x"}, schema={"anyOf": [*harmless, secret]}) != {"a": "x"}


@given(payload=VALUES, limit=st.integers(64, 400))
def test_what_is_cut_is_within_the_limit(payload: JsonValue, limit: int) -> None:
    logged, was_cut = cut(payload, limit)
    size = len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode())
    assert was_cut is (size > limit)
    if was_cut:
        assert isinstance(logged, dict)
        assert logged["size"] == size
        assert len(json.dumps(logged, ensure_ascii=False, separators=(",", ":")).encode()) <= limit
        beginning = logged["truncated"]
        assert isinstance(beginning, str)
        assert json.dumps(payload, ensure_ascii=False, separators=(",", ":")).startswith(beginning)
    else:
        assert logged == payload


@pytest.mark.parametrize("shift", range(4))
def test_half_a_character_at_the_cut_is_counted_right(shift: int) -> None:
    logged, _ = cut(["x" * shift + "🎈" * 40], 64)
    assert len(json.dumps(logged, ensure_ascii=False, separators=(",", ":")).encode()) <= 64


def test_a_long_text_keeps_its_beginning() -> None:
    logged, was_cut = cut({"text": '"quoted" ' * 10_000})
    assert was_cut
    assert isinstance(logged, dict)
    assert str(logged["truncated"]).startswith('{"text":"\\"quoted\\" ')
    assert len(json.dumps(logged)) > 10_000


@given(payload=VALUES)
def test_what_is_short_enough_is_logged_as_it_is_redacted(payload: JsonValue) -> None:
    text, was_cut = logged_text(payload, Literals(["open sesame"]))
    value, value_was_cut = cut(redact(payload, secrets=["open sesame"]))
    assert (json.loads(text), was_cut) == (json.loads(json_text(value)), value_was_cut)


KNOWN_SECRETS = st.sampled_from(
    ["open sesame", 'pä"ss/wörd\n', "481516", "1e+16-1e16", "s3cret+/=", "\ud83dsecret"]
)
HOLDERS: st.SearchStrategy[JsonValue] = st.builds(
    lambda key, before, secret, after: {key: [f"{before}{secret}{after}"]},
    st.sampled_from(["note", "password", "base64", "a\u0000", "pageToken", 'x":"token']),
    TEXTS,
    KNOWN_SECRETS,
    TEXTS,
)


@given(
    payload=VALUES | HOLDERS | st.lists(HOLDERS | VALUES, max_size=4),
    secrets=st.lists(KNOWN_SECRETS, max_size=3),
)
def test_as_text_it_is_the_same(payload: JsonValue, secrets: list[str]) -> None:
    text, was_cut = logged_text(payload, Literals(secrets))
    value, value_was_cut = cut(redact(payload, secrets=secrets))
    assert (json.loads(text), was_cut) == (json.loads(json_text(value)), value_was_cut)


@pytest.mark.parametrize("size", [9_000, 16_360, 16_384, 20_000, 1_000_000])
def test_of_a_long_text_no_more_is_looked_at_than_is_logged(size: int) -> None:
    payload: JsonValue = {
        "x" * (size // 3): ["open sesame " + "täglich " * (size // 16), {"more": "y" * size}]
    }
    text, was_cut = logged_text(payload, Literals(["open sesame"]))
    value, _ = cut(redact(payload, secrets=["open sesame"]))
    logged = json.loads(text)
    assert was_cut
    assert isinstance(value, dict)
    assert (REDACTED in text) == (size < 40_000)
    assert (logged["truncated"], logged["size"]) == (
        value["truncated"],
        len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()),
    )


@pytest.mark.parametrize(
    "secret", ['in "quotes"', "with\nlines", "täglich", "a/b+c=", "481516", "-1.5e+300", "\ud83d<>&xyz"]
)
def test_as_text_it_holds_no_secret(secret: str) -> None:
    literals = Literals([secret])
    echoes: tuple[JsonValue, ...] = (
        secret,
        {"a": [f"<{secret}>"]},
        {f"key {secret}": 1},
        {"url": f"?t={quote(secret, errors='replace')}"},
    )
    for echo in echoes:
        text, _ = logged_text(echo, literals)
        assert REDACTED in text
        assert secret not in str(json.loads(text))
    assert "481516" not in logged_text({"n": 148151623}, Literals(["481516"]))[0]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, True),
        ({"properties": {"q": {"type": "string", "format": "date"}}}, True),
        ({"properties": {"q": {"writeOnly": True}}}, False),
        ({"items": [{"format": "password"}]}, False),
        ({"properties": {"q": {"$ref": "#/$defs/q"}}}, False),
        ({"anyOf": [{"$dynamicRef": "#x"}]}, False),
    ],
)
def test_a_schema_hides_nothing_only_where_that_is_plain(schema: JsonValue, expected: bool) -> None:
    assert hides_nothing(schema) is expected


@pytest.mark.parametrize(
    "payload",
    [
        [1] * 1_000_000,
        [[]] * 1_000_000,
        {str(number): {} for number in range(500_000)},
        {"text": "x" * 20_000, "rest": ["open sesame"] * 100_000},
        [2**80, "\ud800", *["open sesame"] * 100_000],
    ],
)
def test_what_will_be_cut_off_costs_nothing(payload: JsonValue, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0
    mask = execution_logging._mask_scalar

    def counted(value: JsonValue, literals: list[str]) -> JsonValue:
        nonlocal looked_at
        looked_at += 1
        return mask(value, literals)

    monkeypatch.setattr(execution_logging, "_mask_scalar", counted)
    text, was_cut = logged_text(payload, Literals(["open sesame"]))
    logged = json.loads(text)
    assert was_cut
    assert looked_at <= MAX_PAYLOAD_BYTES + 1
    assert isinstance(logged, dict)
    assert isinstance(logged["size"], int)
    assert logged["size"] > 1_000_000
    written = json.dumps(logged, ensure_ascii=False, separators=(",", ":"))
    assert 0.9 * MAX_PAYLOAD_BYTES < len(written.encode("utf-8", "replace")) <= MAX_PAYLOAD_BYTES
    assert "sesame" not in json.dumps(logged)


@pytest.mark.parametrize("before", range(4))
def test_a_secret_does_not_survive_in_the_content_of_a_file(before: int) -> None:
    content = base64.b64encode(b"\xff" * before + b"s3cret/4815" + b"\xff").decode()
    file: JsonValue = {"content_type": "image/png", "filename": "a", "size": 1, "base64": content}
    assert redact([file], secrets=["s3cret/4815"]) == [{**file, "base64": REDACTED}]  # type: ignore[dict-item]
    assert redact([file], secrets=["another secret"]) == [file]
