"""The matcher finds what is different, and nothing else."""

from typing import Any

import msgspec
import pytest

from portway.application.ports.http import OutgoingRequest
from portway.catalog.fixtures import ExpectedRequest
from tests.catalog.matching import Matcher

JSON = {"accept": "application/json", "content-type": "application/json"}


def expected(**members: Any) -> ExpectedRequest:
    return msgspec.convert({"method": "POST", "url": "https://a.test/b", **members}, ExpectedRequest)


def sent(body: bytes | None = None, url: str = "https://a.test/b", **headers: str) -> OutgoingRequest:
    fields = {
        "accept": "application/json",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return OutgoingRequest("POST", url, fields, body)


def json_body(text: str) -> OutgoingRequest:
    return OutgoingRequest("POST", "https://a.test/b", JSON, text.encode())


MULTIPART = {
    "headers": {"content-type": "multipart/x; boundary={{b}}"},
    "body": ["--{{b}}", "x", "--{{b}}--", ""],
}


@pytest.mark.parametrize(
    ("fixture", "request_"),
    [
        (expected(), sent()),
        (expected(url="https://a.test/b?y=1&x=1&x=2"), sent(url="https://a.test/b?x=1&x=2&y=1")),
        (expected(headers={"x-a": "1"}), sent(x_a="1")),
        (expected(json={"a": [1, None, True, "x"], "b": {}}), json_body('{"b":{},"a":[1,null,true,"x"]}')),
        (expected(json={"a": "{{id}}-{{id}}"}), json_body('{"a":"7-7"}')),
        (expected(json={"a": {"$base64url": ["x", "?"]}}), json_body('{"a":"eA0KPw"}')),
        (expected(json={"a": {"$base64": "Hi?>"}}), json_body('{"a":"SGk/Pg=="}')),
        (expected(body="a=b"), sent(b"a=b")),
        (expected(base64="/w=="), sent(b"\xff")),
        (expected(zeros=3), sent(b"\0\0\0")),
        (expected(**MULTIPART), sent(b"--q\r\nx\r\n--q--\r\n", content_type="multipart/x; boundary=q")),
    ],
)
async def test_what_agrees(fixture: ExpectedRequest, request_: OutgoingRequest) -> None:
    await Matcher().request(fixture, request_)


@pytest.mark.parametrize(
    ("fixture", "request_"),
    [
        (expected(method="PUT"), sent()),
        (expected(url="https://a.test/b?x=2&x=1"), sent(url="https://a.test/b?x=1&x=2")),
        (expected(url="https://a.test/b?x=%20"), sent(url="https://a.test/b?x=+")),
        (expected(), sent(x_a="1")),
        (expected(headers={"x-a": "1"}), sent()),
        (expected(headers={"x-a": "1"}), sent(x_a="2")),
        (expected(headers={"accept": "*/*"}), sent()),
        (expected(), sent(b"")),
        (expected(json={}), sent()),
        (expected(json={}), sent(b"{}")),
        (expected(json={"a": 1}), json_body('{"a":1,"b":2}')),
        (expected(json={"a": 1}), json_body("{}")),
        (expected(json={"a": 1}), json_body('{"a":true}')),
        (expected(json={"a": 1}), json_body('{"a":1.0}')),
        (expected(json={"a": 1}), json_body('{"a":"1"}')),
        (expected(json={"a": None}), json_body('{"a":false}')),
        (expected(json=[1]), json_body("[1,1]")),
        (expected(json={"a": "{{id}}-{{id}}"}), json_body('{"a":"7-8"}')),
        (expected(json={"a": "{{id}}"}), json_body('{"a":""}')),
        (expected(json={"a": "{{id}}"}), json_body('{"a":"two words"}')),
        (expected(json={"a": {"$base64url": "y"}}), json_body('{"a":"eA"}')),
        (expected(json={"a": {"$base64url": "y"}}), json_body('{"a":5}')),
        (expected(body="a=b"), sent(b"a=b\n")),
        (expected(body=["a", "b"]), sent(b"a\nb")),
        (expected(base64="/w=="), sent(b"\xfe")),
        (expected(zeros=3), sent(b"\0\0")),
        (expected(zeros=3), sent(b"\0\0\1")),
        (expected(**MULTIPART), sent(b"--q\r\nx\r\n--r--\r\n", content_type="multipart/x; boundary=q")),
    ],
)
async def test_what_does_not(fixture: ExpectedRequest, request_: OutgoingRequest) -> None:
    with pytest.raises(AssertionError):
        await Matcher().request(fixture, request_)


async def test_a_placeholder_is_the_same_in_all_requests() -> None:
    matcher = Matcher()
    await matcher.request(expected(json={"id": "{{id}}"}), json_body('{"id":"1"}'))
    with pytest.raises(AssertionError):
        await matcher.request(expected(json={"id": "{{id}}"}), json_body('{"id":"2"}'))


def test_two_bodies_are_one_too_many() -> None:
    with pytest.raises(msgspec.ValidationError, match="at most one"):
        expected(json={}, body="")
