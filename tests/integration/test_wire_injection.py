"""Over the wire, no parameter value leaves its place: an HTTP parser reads one request, and in it what was given."""

import asyncio
import json
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

import httptools
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_multipart import parse_form

from portway.application.ports.http import OutgoingRequest
from portway.domain.errors import InvalidParameters
from portway.infrastructure.http.client import AiohttpClient
from portway.infrastructure.http.egress_guard import EgressGuard
from tests.integration.http_servers import LOOPBACK
from tests.unit.application.requests.building import CHARACTERS, NASTY, build

CLIENTS_OWN = {"host", "user-agent", "accept-encoding", "content-length"}


class Wire:
    """A socket that keeps what comes, and the client that sends there, in an event loop of their own."""

    def __enter__(self) -> Self:
        self._received: list[bytes] = []
        self._runner = asyncio.Runner()
        self._runner.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._end())
        self._runner.close()

    def receive(self, request: OutgoingRequest) -> bytes:
        """All that came over the connection of a request."""
        self._received.clear()
        response = self._runner.run(self._client.send(request, timeout_seconds=10))
        assert response.status_code == 204
        return b"".join(self._received)

    async def _start(self) -> None:
        self._client = AiohttpClient(EgressGuard(LOOPBACK))
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _end(self) -> None:
        await self._client.close()
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)\r\n", head, re.IGNORECASE)
        body = await reader.readexactly(int(length.group(1))) if length else b""
        # What else is there by now would be a second request.
        more = b"" if reader.at_eof() else bytes(reader._buffer)  # type: ignore[attr-defined]
        self._received.append(head + body + more)
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


class Parsed:
    """A request as httptools reads it: one, and nothing behind it."""

    def __init__(self, raw: bytes) -> None:
        self.url = ""
        self.body = b""
        self.fields: list[tuple[str, str]] = []
        self.messages = 0
        httptools.HttpRequestParser(self).feed_data(raw)
        assert self.messages == 1
        assert self.body == raw.partition(b"\r\n\r\n")[2]

    def on_url(self, url: bytes) -> None:
        self.url += url.decode("ascii")

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.decode().lower() not in CLIENTS_OWN:
            self.fields.append((name.decode().lower(), value.decode()))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.messages += 1


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with Wire() as wire:
        yield wire


VALUES = CHARACTERS | NASTY
PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
NAMES = VALUES.filter(lambda name: not set(name) & set("[]"))
PLACED = st.fixed_dictionaries(
    {
        "path": VALUES,
        "rest": PRINTABLE.filter(lambda path: not re.search(r"^$|^/|//|(^|/)\.\.?(/|$)", path)),
        "note": PRINTABLE,
        "session": VALUES,
        "q": VALUES | st.lists(VALUES, max_size=2),
        "filter": st.dictionaries(NAMES, VALUES, max_size=2),
        "ids": st.lists(VALUES, min_size=1, max_size=3),
    }
)
LOCATIONS = {
    "path": {"in": "path", "style": "simple"},
    "note": {"in": "header", "name": "X-Note"},
    "session": "cookie",
    "q": "query",
    "filter": {"in": "query", "style": "deepObject"},
    "ids": {"in": "query", "style": "form", "explode": False},
}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    placed=PLACED,
    others=st.dictionaries(VALUES, VALUES, max_size=3),
    encoding=st.sampled_from(["json", "form", "multipart"]),
)
def test_no_value_leaves_its_place(
    wire: Wire, placed: dict[str, Any], others: dict[str, str], encoding: str
) -> None:
    own = {name: value for name, value in others.items() if name not in placed}
    path = placed["path"]
    try:
        request = build(
            "POST",
            "/a/{path}/b/{+rest}?fixed=1",
            {**placed, **own},
            base_url=f"{wire.url}/v1",
            transform_config={
                "locations": LOCATIONS,
                "headers": {"X-Fixed": "1"},
                "body": {"encoding": encoding},
            },
        )
    except InvalidParameters:
        assert path in (".", "..")
        return
    parsed = Parsed(wire.receive(request))

    target = urlsplit(parsed.url)
    segments = ["", "v1", "a", path, "b", *placed["rest"].split("/")]
    assert [unquote(part) for part in target.path.split("/")] == segments
    q = placed["q"]
    assert sorted(parse_qsl(target.query, keep_blank_values=True, strict_parsing=True)) == sorted(
        [
            ("fixed", "1"),
            *(("q", item) for item in (q if isinstance(q, list) else [q])),
            *((f"filter[{name}]", value) for name, value in placed["filter"].items()),
            ("ids", ",".join(placed["ids"])),
        ]
    )

    fields = dict(parsed.fields)
    assert len(fields) == len(parsed.fields), "a field is sent twice"
    content_type = fields.pop("content-type", "")
    assert fields.pop("x-note") == placed["note"].strip(" ")
    assert unquote(fields.pop("cookie")) == f"session={placed['session']}"
    assert fields == {"accept": "application/json", "x-fixed": "1"}
    assert (read(encoding, content_type, parsed.body) if parsed.body else {}) == (
        escaped(own) if encoding == "multipart" else own
    )


def read(encoding: str, content_type: str, body: bytes) -> dict[str, str]:
    if encoding == "json":
        return dict(json.loads(body))
    if encoding == "form":
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True))
    fields: dict[str, str] = {}
    parse_form(
        {"Content-Type": content_type.encode()},
        BytesIO(body),
        lambda field: fields.update({(field.field_name or b"").decode(): (field.value or b"").decode()}),
        lambda _: pytest.fail("a file"),
    )
    return fields


def escaped(fields: dict[str, str]) -> dict[str, str]:
    """In the head of a part, names have these characters escaped."""
    special = '"\\\x7f' + "".join(map(chr, range(32)))
    table = {ord(character): f"%{ord(character):02X}" for character in special}
    return {name.translate(table): value for name, value in fields.items()}
