"""What built requests are on the wire: every place, style and body, sent by the real client to a server that keeps the
bytes.
"""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, get_args

import pytest

from portway.application.language.transform_config import Body
from portway.application.ports.http import OutgoingRequest
from portway.application.requests.files import UploadedFile
from portway.application.requests.parameter_styles import (
    COOKIE_STYLES,
    HEADER_STYLES,
    PATH_STYLES,
    QUERY_STYLES,
)
from portway.infrastructure.http.client import AiohttpClient
from portway.infrastructure.http.egress_guard import EgressGuard
from tests.integration.http_servers import LOOPBACK, talking
from tests.unit.application.requests.building import Held, build

CLIENTS_OWN = {b"host", b"user-agent", b"accept-encoding", b"content-length"}
PNG = b"\x89PNG\r\n\x1a\n\x00--\xff"
LIST = ["blue", "dark red"]
OBJECT = {"R": 100, "G": "a&b"}


@dataclass(frozen=True)
class Wire:
    """A request as a server has read it: nothing decoded, the header fields that are not the client's own."""

    line: bytes
    fields: dict[bytes, bytes]
    body: bytes


class Recorder:
    """A server that keeps the bytes that come over a connection, to its end."""

    def __init__(self) -> None:
        self.received = asyncio.get_running_loop().create_future()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"transfer-encoding" not in head.lower()
        length = re.search(rb"\r\ncontent-length: (\d+)\r\n", head, re.IGNORECASE)
        body = await reader.readexactly(int(length.group(1)) if length else 0)
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        self.received.set_result(head + body + await reader.read())


@pytest.fixture
async def client() -> AsyncIterator[AiohttpClient]:
    client = AiohttpClient(EgressGuard(LOOPBACK))
    yield client
    await client.close()


async def wire(client: AiohttpClient, method: str, path: str, parameters: dict[str, Any], **row: Any) -> Wire:
    """Sends the request of an action to the recorder. The body is all that comes after its head."""
    recorder = Recorder()
    async with talking(recorder.talk) as base:
        request: OutgoingRequest = build(method, path, parameters, base_url=base, **row)
        answer = await client.send(request, timeout_seconds=5)
        received: bytes = await asyncio.wait_for(recorder.received, 5)
    assert answer.status_code == 204
    head, _, body = received.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    fields = [(name.lower(), value) for name, _, value in (field.partition(b": ") for field in lines)]
    assert len({name for name, _ in fields}) == len(fields), "a field is sent twice"
    return Wire(line, {name: value for name, value in fields if name not in CLIENTS_OWN}, body)


# Places and styles: what the service reads where `color` goes

STYLED: list[tuple[str, str | None, bool | None, object, bytes]] = [
    ("path", None, None, "dark/red .%2e", b"dark%2Fred%20.%252e"),
    ("path", "simple", False, LIST, b"blue,dark%20red"),
    ("path", "simple", False, OBJECT, b"R,100,G,a%26b"),
    ("path", "simple", True, LIST, b"blue,dark%20red"),
    ("path", "simple", True, OBJECT, b"R=100,G=a%26b"),
    ("path", "label", False, LIST, b".blue,dark%20red"),
    ("path", "label", False, OBJECT, b".R,100,G,a%26b"),
    ("path", "label", True, LIST, b".blue.dark%20red"),
    ("path", "label", True, OBJECT, b".R=100.G=a%26b"),
    ("path", "matrix", False, LIST, b";color=blue,dark%20red"),
    ("path", "matrix", False, OBJECT, b";color=R,100,G,a%26b"),
    ("path", "matrix", True, LIST, b";color=blue;color=dark%20red"),
    ("path", "matrix", True, OBJECT, b";R=100;G=a%26b"),
    ("path", "json", None, LIST, b"%5B%22blue%22%2C%22dark%20red%22%5D"),
    ("query", None, None, LIST, b"color=blue&color=dark%20red"),
    ("query", "form", True, LIST, b"color=blue&color=dark%20red"),
    ("query", "form", True, OBJECT, b"R=100&G=a%26b"),
    ("query", "form", False, LIST, b"color=blue,dark%20red"),
    ("query", "form", False, OBJECT, b"color=R,100,G,a%26b"),
    ("query", "spaceDelimited", True, LIST, b"color=blue&color=dark%20red"),
    ("query", "spaceDelimited", False, ["blue", "red"], b"color=blue%20red"),
    ("query", "spaceDelimited", False, OBJECT, b"color=R%20100%20G%20a%26b"),
    ("query", "pipeDelimited", True, LIST, b"color=blue&color=dark%20red"),
    ("query", "pipeDelimited", False, LIST, b"color=blue%7Cdark%20red"),
    ("query", "pipeDelimited", False, OBJECT, b"color=R%7C100%7CG%7Ca%26b"),
    ("query", "deepObject", None, LIST, b"color%5B0%5D=blue&color%5B1%5D=dark%20red"),
    ("query", "deepObject", None, OBJECT, b"color%5BR%5D=100&color%5BG%5D=a%26b"),
    ("query", "brackets", None, LIST, b"color%5B%5D=blue&color%5B%5D=dark%20red"),
    ("query", "brackets", None, OBJECT, b"color%5BR%5D=100&color%5BG%5D=a%26b"),
    ("query", "json", None, OBJECT, b"color=%7B%22R%22%3A100%2C%22G%22%3A%22a%26b%22%7D"),
    ("header", None, None, "Zoë; q=1", "Zoë; q=1".encode()),
    ("header", "simple", False, LIST, b"blue,dark red"),
    ("header", "simple", False, OBJECT, b"R,100,G,a&b"),
    ("header", "simple", True, LIST, b"blue,dark red"),
    ("header", "simple", True, OBJECT, b"R=100,G=a&b"),
    ("header", "json", None, OBJECT, b'{"R":100,"G":"a&b"}'),
    ("cookie", None, None, 'a b;c="d"', b"color=a%20b%3Bc%3D%22d%22"),
    ("cookie", "form", False, LIST, b"color=blue,dark%20red"),
    ("cookie", "form", False, OBJECT, b"color=R,100,G,a%26b"),
    ("cookie", "form", True, LIST, b"color=blue; color=dark%20red"),
    ("cookie", "form", True, OBJECT, b"R=100; G=a%26b"),
    ("cookie", "json", None, LIST, b"color=%5B%22blue%22%2C%22dark%20red%22%5D"),
    ("body", None, None, LIST, b"color=blue&color=dark+red"),
    ("body", "form", True, OBJECT, b"R=100&G=a%26b"),
    ("body", "form", False, LIST, b"color=blue,dark+red"),
    ("body", "form", False, OBJECT, b"color=R,100,G,a%26b"),
    ("body", "spaceDelimited", True, LIST, b"color=blue&color=dark+red"),
    ("body", "spaceDelimited", False, OBJECT, b"color=R+100+G+a%26b"),
    ("body", "pipeDelimited", True, LIST, b"color=blue&color=dark+red"),
    ("body", "pipeDelimited", False, LIST, b"color=blue%7Cdark+red"),
    ("body", "deepObject", None, OBJECT, b"color%5BR%5D=100&color%5BG%5D=a%26b"),
    ("body", "brackets", None, LIST, b"color%5B%5D=blue&color%5B%5D=dark+red"),
    ("body", "json", None, LIST, b"color=%5B%22blue%22%2C%22dark+red%22%5D"),
]


def test_every_style_of_every_place_is_among_them() -> None:
    either_way = {"form", "spaceDelimited", "pipeDelimited", "simple", "label", "matrix"}
    styles = {"path": PATH_STYLES, "query": QUERY_STYLES, "header": HEADER_STYLES, "cookie": COOKIE_STYLES}
    assert {(place, style, explode) for place, style, explode, _, _ in STYLED} == {
        (place, style, explode)
        for place, known in {**styles, "body": QUERY_STYLES}.items()
        for style in (None, *known)
        for explode in ((True, False) if style in either_way else (None,))
    }


@pytest.mark.parametrize("case", STYLED, ids=lambda case: "-".join(map(str, case[:3])))
async def test_a_style(
    client: AiohttpClient, case: tuple[str, str | None, bool | None, object, bytes]
) -> None:
    place, style, explode, value, written = case
    config = {
        "locations": {"color": {"in": place, "style": style, "explode": explode}},
        "body": {"encoding": "form"},
    }
    path = "/x/{color}/y?z=1" if place == "path" else "/x?z=1"
    got = await wire(client, "POST", path, {"color": value}, transform_config=config)
    target, body, fields = b"/x?z=1", b"", {b"accept": b"application/json"}
    match place:
        case "path":
            target = b"/x/" + written + b"/y?z=1"
        case "query":
            target += b"&" + written
        case "header":
            fields[b"color"] = written
        case "cookie":
            fields[b"cookie"] = written
        case "body":
            fields[b"content-type"], body = b"application/x-www-form-urlencoded", written
    assert got == Wire(b"POST " + target + b" HTTP/1.1", fields, body)


async def test_all_places_at_once(client: AiohttpClient) -> None:
    got = await wire(
        client,
        "PUT",
        "/{+path}:save?fixed=a%20b&n={n}",
        {"path": "a/ü b", "n": "&", "page": 2, "X-Tag": "t", "a": 1, "b": True, "name": "Zoë", "no": None},
        transform_config={
            "headers": {"X-Version": "{version}", "Cookie": "row=1"},
            "locations": {"page": "query", "X-Tag": "header", "a": "cookie", "b": "cookie"},
        },
        config={"version": "2024-01-01"},
    )
    assert got.line == b"PUT /a/%C3%BC%20b:save?fixed=a%20b&n=%26&page=2 HTTP/1.1"
    assert got.fields == {
        b"accept": b"application/json",
        b"x-version": b"2024-01-01",
        b"cookie": b"row=1; a=1; b=true",
        b"x-tag": b"t",
        b"content-type": b"application/json",
    }
    assert got.body == '{"name":"Zoë","no":null}'.encode()


async def test_reserved_characters(client: AiohttpClient) -> None:
    config = {"locations": {"q": {"in": "query", "allow_reserved": True}}}
    got = await wire(client, "GET", "/x", {"q": "a/b?c=[1]&d#e+f g"}, transform_config=config)
    assert got.line == b"GET /x?q=a/b?c=[1]%26d%23e%2Bf%20g HTTP/1.1"


# Bodies

ENCODED = base64.b64encode(PNG).decode()
IN_JSON = {"filename": 'a "1".png', "base64": ENCODED}
UPLOADED = UploadedFile("b.bin", "image/png", Held(PNG))

BODIES: list[tuple[dict[str, Any], dict[str, Any], str, bytes]] = [
    ({"encoding": "json"}, {"a": ["ü", None]}, "application/json", '{"a":["ü",null]}'.encode()),
    (
        {"encoding": "json", "parameter": "a", "content_type": "application/json-patch+json"},
        {"a": [{"op": "remove"}]},
        "application/json-patch+json",
        b'[{"op":"remove"}]',
    ),
    (
        {"encoding": "form", "style": "brackets"},
        {"a": {"b": ["c d", 1]}, "e": "f=g"},
        "application/x-www-form-urlencoded",
        b"a%5Bb%5D%5B%5D=c+d&a%5Bb%5D%5B%5D=1&e=f%3Dg",
    ),
    (
        {"encoding": "multipart", "files": ["one", "two", "many"]},
        {"note": "ü", "meta": {"k": 1}, "one": ENCODED, "two": UPLOADED, "many": [IN_JSON, UPLOADED]},
        "multipart/form-data; boundary=BOUNDARY",
        b'--BOUNDARY\r\nContent-Disposition: form-data; name="note"\r\n\r\n\xc3\xbc\r\n'
        b'--BOUNDARY\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n'
        b'{"k":1}\r\n'
        b'--BOUNDARY\r\nContent-Disposition: form-data; name="one"; filename="one"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n" + PNG + b"\r\n"
        b'--BOUNDARY\r\nContent-Disposition: form-data; name="two"; filename="b.bin"\r\n'
        b"Content-Type: image/png\r\n\r\n" + PNG + b"\r\n"
        b'--BOUNDARY\r\nContent-Disposition: form-data; name="many"; filename="a %221%22.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + PNG + b"\r\n"
        b'--BOUNDARY\r\nContent-Disposition: form-data; name="many"; filename="b.bin"\r\n'
        b"Content-Type: image/png\r\n\r\n" + PNG + b"\r\n"
        b"--BOUNDARY--\r\n",
    ),
    *(
        (
            {"encoding": "multipart_related", "file": "f"},
            {"name": "x", "f": file},
            "multipart/related; boundary=BOUNDARY",
            b"--BOUNDARY\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
            b'{"name":"x"}\r\n'
            b"--BOUNDARY\r\nContent-Type: image/png\r\n\r\n" + PNG + b"\r\n--BOUNDARY--\r\n",
        )
        for file in (IN_JSON, UPLOADED)
    ),
    ({"encoding": "raw", "file": "f", "content_type": "image/gif"}, {"f": ENCODED}, "image/gif", PNG),
    ({"encoding": "raw", "file": "f"}, {"f": UPLOADED}, "image/png", PNG),
    (
        {"encoding": "xml", "root": "o:order", "attributes": {"xmlns:o": "urn:o"}},
        {"@id": 7, "line": ["<a>", {"@n": '"', "#text": "ü"}], "none": None},
        "application/xml",
        '<?xml version="1.0" encoding="utf-8"?>\n<o:order xmlns:o="urn:o" id="7"><line>&lt;a&gt;</line>'
        "<line n='\"'>ü</line></o:order>".encode(),
    ),
    (
        {"encoding": "graphql", "query": "query A($id: ID!) { a(id: $id) }", "operation_name": "A"},
        {"id": "1"},
        "application/json",
        b'{"query":"query A($id: ID!) { a(id: $id) }","variables":{"id":"1"},"operationName":"A"}',
    ),
]


def test_every_encoding_is_among_them() -> None:
    tags = {kind.__struct_config__.tag for kind in get_args(Body)}
    assert {body["encoding"] for body, _, _, _ in BODIES} == tags - {"none"}


@pytest.mark.parametrize(("body", "parameters", "kind", "written"), BODIES)
async def test_a_body(
    client: AiohttpClient, body: dict[str, Any], parameters: dict[str, Any], kind: str, written: bytes
) -> None:
    got = await wire(client, "POST", "/x", parameters, transform_config={"body": body})
    head, _, boundary = got.fields[b"content-type"].partition(b"boundary=")
    sent, content_type = got.body, got.fields[b"content-type"]
    if boundary:
        sent, content_type = sent.replace(boundary, b"BOUNDARY"), head + b"boundary=BOUNDARY"
    assert (got.line, content_type, sent) == (b"POST /x HTTP/1.1", kind.encode(), written)


async def test_no_body(client: AiohttpClient) -> None:
    got = await wire(client, "POST", "/x", {"a": 1}, transform_config={"body": {"encoding": "none"}})
    assert got == Wire(b"POST /x?a=1 HTTP/1.1", {b"accept": b"application/json"}, b"")


async def test_a_large_upload_arrives_whole(client: AiohttpClient) -> None:
    class Many:
        size = 40 * 50_000

        async def chunks(self) -> AsyncIterator[bytes]:
            for number in range(40):
                yield bytes([number]) * 50_000

    config = {"body": {"encoding": "raw", "file": "f"}}
    upload = UploadedFile("x", "video/mp4", Many())
    got = await wire(client, "PUT", "/x", {"f": upload}, transform_config=config)
    assert got.fields[b"content-type"] == b"video/mp4"
    assert got.body == b"".join(bytes([number]) * 50_000 for number in range(40))
