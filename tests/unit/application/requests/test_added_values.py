import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.ports.http import OutgoingRequest, StreamedBody
from portway.application.requests.added_values import with_body_member, with_cookie, with_header, with_query
from portway.domain.errors import InvalidIntegrationConfig

URL = "https://api.example/x"
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
JSON = {"content-type": "application/json"}
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)


class Streamed:
    size = 2

    async def chunks(self) -> AsyncIterator[bytes]:
        yield b"{}"


STREAMED: StreamedBody = Streamed()


def posted(
    headers: dict[str, str], body: bytes | StreamedBody | None, method: str = "POST"
) -> OutgoingRequest:
    return OutgoingRequest(method, URL, headers, body)


@given(value=TEXTS)
def test_a_member_of_a_json_object(value: str) -> None:
    body = b'{"a": [1.5, "\\u00e9", null], "key": "callers", "n": 12345678901234567890}'
    sent = with_body_member(posted({"content-type": "application/vnd.api+json; v=1"}, body), "key", value)
    assert isinstance(sent.body, bytes)
    assert json.loads(sent.body) == {**json.loads(body), "key": value}
    assert sent.headers == {"content-type": "application/vnd.api+json; v=1"}


@given(value=TEXTS)
def test_a_field_of_a_form(value: str) -> None:
    sent = with_body_member(posted(FORM, b"a=1&k%65y=mine&key=2&b=%C3%A9+x&"), "key", value)
    assert isinstance(sent.body, bytes)
    assert sent.body.startswith(b"a=1&b=%C3%A9+x&key=")
    assert parse_qsl(sent.body.decode(), keep_blank_values=True)[-1] == ("key", value)


@pytest.mark.parametrize("body", [None, b""])
def test_no_body_becomes_a_form(body: bytes | None) -> None:
    sent = with_body_member(posted({"accept": "a/b"}, body, "DELETE"), "key", "a b")
    assert sent.body == b"key=a%20b"
    assert sent.headers == {"accept": "a/b", "content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("request_", "what"),
    [
        (posted(JSON, STREAMED), "streamed"),
        (posted({"content-type": "multipart/form-data; boundary=x"}, b"--x--"), "multipart/form-data"),
        (posted({}, b"abc"), "an unknown type"),
        (posted({"content-type": "application/xml"}, b"<a/>"), "application/xml"),
        *((posted(JSON, body), "JSON object") for body in (b"[]", b"5", b"{", b"\xff", b"[" * 100_000)),
        (posted(JSON, b'{"a": NaN}'), "is not valid JSON"),
        *((posted({}, None, method), f"a {method} has no body") for method in ("GET", "HEAD")),
    ],
)
def test_what_cannot_take_it(request_: OutgoingRequest, what: str) -> None:
    with pytest.raises(InvalidIntegrationConfig) as error:
        with_body_member(request_, "key", "s3cret")
    assert what in error.value.detail
    assert "s3cret" not in error.value.detail


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "sid=x%3D="),
        ("a=1; b=2", "a=1; b=2; sid=x%3D="),
        ("sid=mine; a=1;sid = 2 ; sid", "a=1; sid=x%3D="),
    ],
)
def test_a_cookie_is_sent_as_it_was_handed_out(before: str | None, after: str) -> None:
    headers = {"accept": "a/b"} | ({} if before is None else {"cookie": before})
    sent = with_cookie(OutgoingRequest("GET", URL, headers), "sid", "x%3D=")
    assert sent.headers == {"accept": "a/b", "cookie": after}


@given(value=TEXTS, character=st.sampled_from(' ;,"\\\r\n\x00\x7fé'))
def test_a_cookie_never_becomes_two(value: str, character: str) -> None:
    with pytest.raises(InvalidIntegrationConfig, match="cookie can hold"):
        with_cookie(OutgoingRequest("GET", URL), "sid", f"a{character}{value}")


@pytest.mark.parametrize("change", [with_query, with_body_member, with_header, with_cookie])
def test_half_a_surrogate_pair_goes_nowhere(change: object) -> None:
    assert callable(change)
    for headers, body in ((JSON, b"{}"), (FORM, b"a=1")):
        with pytest.raises(InvalidIntegrationConfig):
            change(posted(headers, body), "key", "\ud800")


@pytest.mark.parametrize("name", ["a b", "", "a=b", "é"])
def test_names_that_are_none(name: str) -> None:
    for change in (with_header, with_cookie):
        with pytest.raises(InvalidIntegrationConfig, match="name"):
            change(OutgoingRequest("GET", URL), name, "x")
