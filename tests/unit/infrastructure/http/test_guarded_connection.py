import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from portway.infrastructure.http.egress_guard import EgressGuard
from portway.infrastructure.http.guarded_connection import (
    AddressRefused,
    GuardedResolver,
    SystemResolver,
    guarded_socket_factory,
)


class Answers(AbstractResolver):
    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        self.closed = True


async def test_only_allowed_addresses_are_left() -> None:
    resolver = GuardedResolver(EgressGuard(), Answers("10.0.0.1", "8.8.8.8", "::1", "2606:4700::1111"))
    assert [found["host"] for found in await resolver.resolve("mixed.example")] == [
        "8.8.8.8",
        "2606:4700::1111",
    ]


async def test_none_left_is_a_refusal_and_none_found_is_not() -> None:
    with pytest.raises(AddressRefused):
        await GuardedResolver(EgressGuard(), Answers("10.0.0.1", "fe80::1%2")).resolve("private.example")
    with pytest.raises(OSError, match="no address"):
        await GuardedResolver(EgressGuard(), Answers()).resolve("empty.example")


async def test_closing_closes_the_resolver_inside() -> None:
    inside = Answers()
    await GuardedResolver(EgressGuard(), inside).close()
    assert inside.closed


async def test_the_system_resolver_finds_this_machine_and_raises_os_errors_only() -> None:
    resolver = SystemResolver()
    try:
        found = await resolver.resolve("localhost", 80, socket.AF_INET)
        assert [(result["host"], result["port"]) for result in found] == [("127.0.0.1", 80)]
        for host in ("x" * 64 + ".invalid", "does-not-exist.invalid", "ä" * 70):
            with pytest.raises(OSError):
                await resolver.resolve(host, 80)
    finally:
        await resolver.close()


@pytest.mark.parametrize(
    ("family", "address"),
    [
        (socket.AF_INET, ("127.0.0.1", 80)),
        (socket.AF_INET6, ("::1", 80, 0, 0)),
        (socket.AF_INET, ("127.1", 80)),
    ],
)
def test_no_socket_for_a_refused_address(family: socket.AddressFamily, address: tuple[object, ...]) -> None:
    with pytest.raises(AddressRefused):
        guarded_socket_factory(EgressGuard())((family, socket.SOCK_STREAM, 0, "", address))


def test_a_socket_for_an_allowed_address() -> None:
    make_socket = guarded_socket_factory(EgressGuard())
    with make_socket((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("8.8.8.8", 443))) as made:
        assert made.family == socket.AF_INET
