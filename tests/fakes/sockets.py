"""A machine without a network."""

import socket

from portway.domain.errors import UpstreamUnreachable


class NoSockets:
    async def connect(self, host: str, port: int, *, timeout_seconds: float) -> socket.socket:
        raise UpstreamUnreachable(f"No connection to {host}.")
