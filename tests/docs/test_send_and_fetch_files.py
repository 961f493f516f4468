"""docs/how-to/send-and-fetch-files.md: its rows, and a file that goes there and back."""

import json
import random

import pytest
from aiohttp import web

from tests.docs.documents import codes
from tests.docs.reader import Reader
from tests.docs.test_add_an_integration import PSQL
from tests.e2e.upstreams import Received, Upstream

DOCUMENT = "docs/how-to/send-and-fetch-files.md"
FILM = random.Random(0).randbytes(3_000_000)
ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def reader(first_call: Reader, service: Upstream) -> Reader:
    """Somebody who has the rows, a connection and a film."""
    (sql,) = codes(DOCUMENT, "sql")
    assert "https://files.example.com" in sql
    first_call.run(PSQL % sql.replace("https://files.example.com", service.url))
    (first_call.directory / "film.mp4").write_bytes(FILM)
    return first_call


def test_the_film_arrives_and_comes_back(reader: Reader, service: Upstream) -> None:
    made = reader.run(
        "portway connections create --user ada@example.com --integration archive --name Archive"
    )
    connection = json.loads(made)["connection_id"]
    send, fetch = (_at_the_gateway(command, connection) for command in codes(DOCUMENT, "sh"))

    assert json.loads(reader.run(send))["status"] == "success"
    (received,) = service.received("/files/film.mp4")
    assert (received.method, received.body == FILM) == ("PUT", True)
    assert received.headers["content-type"] == "video/mp4"
    assert received.headers["content-length"] == str(len(FILM))

    service.on("/files/film.mp4", _film)
    reader.run(fetch)
    assert (reader.directory / "fetched.mp4").read_bytes() == FILM
    head = (reader.directory / "head.txt").read_text().lower()
    assert "content-type: video/mp4" in head
    assert 'content-disposition: attachment; filename="film.mp4"' in head
    assert "x-execution-id: " in head


async def _film(_: Received) -> web.StreamResponse:
    return web.Response(
        body=FILM,
        headers={"Content-Type": "video/mp4", "Content-Disposition": 'inline; filename="film.mp4"'},
    )


def _at_the_gateway(command: str, connection: str) -> str:
    assert ADDRESS in command
    return f"export CONNECTION={connection}\n{command.replace(ADDRESS, '$GATEWAY')}"
