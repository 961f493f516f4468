"""Connections for protocols that the gateway does not speak itself."""

import socket
from typing import Protocol


class SocketConnector(Protocol):
    """Opens connections to the outside world, past the egress guard."""

    async def connect(self, host: str, port: int, *, timeout_seconds: float) -> socket.socket:
        """A connected TCP socket that does not block. Whoever gets it closes it.

        `host` is a name or an address, in ASCII. Raises EgressBlocked, UpstreamUnreachable, UpstreamTimeout.
        """
        ...
