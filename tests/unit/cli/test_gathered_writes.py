"""Answers leave in one piece."""

import asyncio
from typing import Any, cast

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from portway.cli.server.gathered_writes import GatheringProtocol, GatheringTransport


class FakeTransport:
    """What was done with it, in order; each write is bytes."""

    def __init__(self) -> None:
        self.done: list[bytes | str] = []

    def writelines(self, pieces: list[bytes]) -> None:
        self.done.append(b"".join(pieces))

    def close(self) -> None:
        self.done.append("close")

    def is_closing(self) -> bool:
        return "close" in self.done

    def get_extra_info(self, _name: str) -> Any:
        return None


def gathering(transport: FakeTransport) -> GatheringTransport:
    return GatheringTransport(cast("asyncio.Transport", transport), asyncio.get_running_loop())


async def test_what_is_written_within_a_turn_is_one_write() -> None:
    transport = FakeTransport()
    gathered = gathering(transport)
    gathered.write(b"head")
    gathered.write(b"body")
    assert transport.done == []
    await asyncio.sleep(0)
    assert transport.done == [b"headbody"]
    gathered.write(b"next")
    await asyncio.sleep(0)
    assert transport.done == [b"headbody", b"next"]


async def test_much_is_not_kept_from_the_transport() -> None:
    transport = FakeTransport()
    gathered = gathering(transport)
    gathered.write(b"head")
    gathered.write(b"x" * 65536)
    assert transport.done == [b"head" + b"x" * 65536]
    gathered.write(b"tail")
    await asyncio.sleep(0)
    assert transport.done[1:] == [b"tail"]


async def test_what_was_written_is_sent_before_it_closes() -> None:
    transport = FakeTransport()
    gathered = gathering(transport)
    gathered.write(b"the last")
    gathered.close()
    await asyncio.sleep(0)
    assert transport.done == [b"the last", "close"]


async def test_nothing_is_written_to_a_caller_who_has_gone() -> None:
    transport = FakeTransport()
    gathered = gathering(transport)
    gathered.write(b"too late")
    transport.close()
    await asyncio.sleep(0)
    assert transport.done == ["close"]


async def hello(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def connected(transport: FakeTransport) -> GatheringProtocol:
    config = uvicorn.Config(hello, http=GatheringProtocol, lifespan="off", log_config=None, access_log=False)
    config.load()
    protocol = GatheringProtocol(config, ServerState(), {})
    protocol.connection_made(cast("asyncio.Transport", transport))
    return protocol


async def test_what_was_written_is_sent_before_a_caller_s_end_closes_the_connection() -> None:
    transport = FakeTransport()
    protocol = connected(transport)
    protocol.transport.write(b"the last")
    protocol.eof_received()
    assert transport.done == [b"the last"]


async def test_an_answer_is_one_write() -> None:
    transport = FakeTransport()
    protocol = connected(transport)
    protocol.data_received(b"GET / HTTP/1.1\r\nhost: portway.test\r\n\r\n")
    for _ in range(5):
        await asyncio.sleep(0)
    protocol.connection_lost(None)
    (answer, closed) = transport.done
    assert isinstance(answer, bytes)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nhello")
    assert closed == "close"
