"""TCP connections for handlers, past the egress guard.

A host is resolved once, every address that it has is judged, and the connection is made to one that was allowed: nobody
looks the name up again.
"""

import asyncio
import os
import re
import socket
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

from portway.domain.errors import EgressBlocked, UpstreamTimeout, UpstreamUnreachable
from portway.infrastructure.http.egress_guard import EgressGuard
from portway.infrastructure.http.failures import blocked
from portway.infrastructure.http.guarded_connection import AddressRefused, GuardedResolver, SystemResolver

CONNECT_SECONDS: Final = 10.0
"""For each address of a host."""

_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")


class GuardedSockets:
    """Implements `application.ports.sockets.SocketConnector`; `close` it."""

    def __init__(self, guard: EgressGuard, *, resolver: AbstractResolver | None = None) -> None:
        self._resolver = GuardedResolver(guard, resolver or SystemResolver())

    async def connect(self, host: str, port: int, *, timeout_seconds: float) -> socket.socket:
        """See the port."""
        if not _HOST.fullmatch(host) or not 0 < port < 65536:
            raise EgressBlocked("The connection's address is not a host and port that can be connected to.")
        try:
            async with asyncio.timeout(timeout_seconds):
                return await _connect_to_any(await self._resolve(host, port), host)
        except TimeoutError:
            raise UpstreamTimeout(f"{host} did not answer within {timeout_seconds:g} seconds.") from None

    async def close(self) -> None:
        """Lets the resolver's threads go; sockets that were handed out stay as they are."""
        await self._resolver.close()

    async def _resolve(self, host: str, port: int) -> list[ResolveResult]:
        try:
            return await self._resolver.resolve(host, port)
        except AddressRefused:
            raise blocked(host) from None
        except OSError:
            raise UpstreamUnreachable(f"The name {host} could not be resolved.") from None


async def _connect_to_any(addresses: list[ResolveResult], host: str) -> socket.socket:
    """To the first that accepts."""
    failure = UpstreamUnreachable(f"No connection to {host}.")
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await _connect(address)
        except TimeoutError:
            failure = UpstreamUnreachable(f"{host} did not accept a connection in time.")
        except OSError as error:
            # The error's own text would name the address.
            failure = UpstreamUnreachable(
                f"No connection to {host}: {os.strerror(error.errno) if error.errno else 'failed'}."
            )
    raise failure


async def _connect(address: ResolveResult) -> socket.socket:
    connection = socket.socket(address["family"], socket.SOCK_STREAM, address["proto"])
    try:
        connection.settimeout(0)  # does not block
        await asyncio.get_running_loop().sock_connect(connection, (address["host"], address["port"]))
    except BaseException:
        connection.close()
        raise
    return connection
