"""Connections for handlers: where they may go, and what is said where they do not come about."""

import asyncio
import socket
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
import pytest_asyncio
from aiohttp.abc import AbstractResolver, ResolveResult

from portway.domain.errors import EgressBlocked, UpstreamTimeout, UpstreamUnreachable
from portway.infrastructure.http.egress_guard import EgressGuard
from portway.infrastructure.sockets import GuardedSockets

LOOPBACK = EgressGuard([ip_network("127.0.0.0/8")])


class Names(AbstractResolver):
    """Each look-up gets the next answer."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=0,
            )
            for address in self.answers.pop(0)
        ]

    async def close(self) -> None:
        return


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    """Somebody who says hello on 127.0.0.1."""

    async def hello(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    async with await asyncio.start_server(hello, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_connection_that_does_not_block(port: int) -> None:
    with await GuardedSockets(LOOPBACK).connect("localhost", port, timeout_seconds=5) as connection:
        assert connection.gettimeout() == 0
        assert await asyncio.get_running_loop().sock_recv(connection, 100) == b"hello"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "::ffff:127.0.0.1", "10.0.0.1"]
)
async def test_no_way_to_a_private_address(host: str, port: int) -> None:
    with pytest.raises(EgressBlocked) as caught:
        await GuardedSockets(EgressGuard()).connect(host, port, timeout_seconds=5)
    assert "127.0.0.1" not in caught.value.detail.replace(host, "")


async def test_of_several_addresses_only_those_that_are_allowed(port: int) -> None:
    sockets = GuardedSockets(LOOPBACK, resolver=Names(["10.255.255.1", "127.0.0.1"]))
    with await sockets.connect("mail.example", port, timeout_seconds=5) as connection:
        assert connection.getpeername()[0] == "127.0.0.1"


async def test_a_name_is_looked_up_once(port: int) -> None:
    """So that a name server cannot answer differently the second time."""
    names = Names(["127.0.0.1"])
    with await GuardedSockets(LOOPBACK, resolver=names).connect("mail.example", port, timeout_seconds=5):
        assert names.answers == []


async def test_the_next_address_where_one_does_not_answer(port: int) -> None:
    sockets = GuardedSockets(LOOPBACK, resolver=Names(["127.0.0.9", "127.0.0.1"]))
    with await sockets.connect("mail.example", port, timeout_seconds=5) as connection:
        assert connection.getpeername()[0] == "127.0.0.1"


async def test_nobody_there_and_no_address_in_the_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        closed = probe.getsockname()[1]
    sockets = GuardedSockets(LOOPBACK, resolver=Names(["127.0.0.1"]))
    with pytest.raises(UpstreamUnreachable) as caught:
        await sockets.connect("mail.example", closed, timeout_seconds=5)
    assert caught.value.detail == "No connection to mail.example: Connection refused."


async def test_no_such_name() -> None:
    with pytest.raises(UpstreamUnreachable, match=r"mail\.invalid could not be resolved"):
        await GuardedSockets(LOOPBACK).connect("mail.invalid", 25, timeout_seconds=5)


async def test_in_time_or_not_at_all() -> None:
    class Slow(Names):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            await asyncio.sleep(60)
            return []

    with pytest.raises(UpstreamTimeout):
        await GuardedSockets(LOOPBACK, resolver=Slow()).connect("mail.example", 25, timeout_seconds=0.05)


@pytest.mark.parametrize(
    ("host", "port_number"),
    [
        ("", 25),
        ("mail example", 25),
        ("a\r\nb", 25),
        ("ä.example", 25),
        ("fe80::1%eth0", 25),
        ("localhost", 0),
        ("localhost", 65536),
    ],
)
async def test_what_is_no_address_is_not_looked_up(host: str, port_number: int) -> None:
    with pytest.raises(EgressBlocked, match="not a host and port"):
        await GuardedSockets(LOOPBACK, resolver=Names()).connect(host, port_number, timeout_seconds=5)
