"""A server protocol that sends an answer's head and body together."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST_BYTES = 64 * 1024


class GatheringProtocol(HttpToolsProtocol):
    """Uvicorn's, with all that it writes within one turn of the event loop as one packet.

    It writes head and body one after the other, and each would be a system call, a packet and a wake-up of the caller.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A caller connected."""
        self._gathering = GatheringTransport(transport, self.loop)
        super().connection_made(cast("asyncio.Transport", self._gathering))

    def eof_received(self) -> None:
        """The caller sends nothing more; the transport is about to close itself."""
        self._gathering.flush()
        super().eof_received()


class GatheringTransport:
    """A transport that keeps what is written until the loop's next turn."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Sends it, after what was written before and with it."""
        if not self._pieces:
            self._loop.call_soon(self.flush)
        self._pieces.append(data)
        self._size += len(data)
        if self._size > _MOST_BYTES:
            # The transport has to see it, to say when a caller is too slow.
            self.flush()

    def close(self) -> None:
        """Sends what was written, then closes."""
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Sends what was written, now."""
        pieces, self._pieces, self._size = self._pieces, [], 0
        # The caller may have gone meanwhile.
        if pieces and not self._transport.is_closing():
            self._transport.writelines(pieces)

    def is_closing(self) -> bool:
        """Whether it takes nothing more. (Asked for every answer, and found sooner here than by `__getattr__`.)"""
        return self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
