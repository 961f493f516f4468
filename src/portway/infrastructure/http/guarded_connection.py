"""Connections that only go where the egress guard lets them.

A host is resolved once, by the resolver below, and the connection is made to the addresses that it returned:
nobody looks the name up again (DNS rebinding). aiohttp does not ask the resolver about hosts that are literal
addresses, so the guard is asked once more where every socket is made, whatever way its address came.
"""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from portway.infrastructure.http.egress_guard import EgressGuard

RESOLVER_THREADS = 32


class AddressRefused(OSError):
    """The guard refused the address; nothing was sent. An OSError: aiohttp hands those to its caller."""


class SystemResolver(AbstractResolver):
    """The operating system's resolver, in threads of its own.

    A user may name a host whose name servers never answer; in the event loop's few default threads such
    look-ups would hold up everything else that runs there.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="portway-resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of the host. Raises OSError."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _look_up, host, port, family)

    async def close(self) -> None:
        """Lets the threads go; what is being looked up is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedResolver(AbstractResolver):
    """Returns, of the addresses that another resolver finds, those that may be reached.

    A host with both kinds is reached at the allowed ones: the connection is pinned to them, so the others do
    no harm, and `localhost` stays usable where 127.0.0.0/8 is allowed and ::1 is not.
    """

    def __init__(self, guard: EgressGuard, resolver: AbstractResolver) -> None:
        self._guard = guard
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The allowed addresses. Raises AddressRefused where all are refused, OSError where none are."""
        found = await self._resolver.resolve(host, port, family)
        if not found:
            raise OSError("no address")
        allowed = [result for result in found if self._guard.allows(result["host"])]
        if not allowed:
            raise AddressRefused
        return allowed

    async def close(self) -> None:
        await self._resolver.close()


def guarded_socket_factory(guard: EgressGuard) -> Callable[[AddrInfoType], socket.socket]:
    """Makes sockets for allowed addresses; raises AddressRefused for all others."""

    def make_socket(address_info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = address_info
        if not guard.allows(str(address[0])):
            raise AddressRefused
        return socket.socket(family, kind, protocol)

    return make_socket


def _look_up(host: str, port: int, family: int) -> list[ResolveResult]:
    # As bytes, because a str would go through Python's IDNA codec, whose complaints are no OSError.
    # AI_ADDRCONFIG: no IPv6 addresses on a machine that has no IPv6.
    found = socket.getaddrinfo(host.encode(), port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
    return [
        ResolveResult(
            hostname=host,
            host=str(address[0]),
            port=port,
            family=found_family,
            proto=protocol,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for found_family, _, protocol, _, address in found
    ]
