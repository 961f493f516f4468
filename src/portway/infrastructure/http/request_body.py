"""A request's body on its way to the service."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp.client_proto import ResponseHandler
from aiohttp.http import StreamWriter

from portway.application.ports.http import StreamedBody

_PIECE_BYTES = 256 * 1024


class BodyFailed(Exception):
    """`failure` is what the body itself raised while it was sent: no fault of the connection's."""

    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self.failure = failure


class Upload:
    """Sends a body piece by piece, as fast as the service takes it, from its beginning.

    Where the body fails, whoever waits for the answer on the connection gets BodyFailed.
    """

    def __init__(self, body: bytes | StreamedBody, protocol: ResponseHandler) -> None:
        self._protocol = protocol
        self._task = asyncio.create_task(self._send(body))
        self.failure: Exception | None = None

    @property
    def is_done(self) -> bool:
        """Whether all of it was handed over."""
        return self._task.done()

    def cancel(self) -> None:
        """Sends no more."""
        self._task.cancel()

    async def stop(self) -> None:
        """Sends no more, and waits until the body is let go."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _send(self, body: bytes | StreamedBody) -> None:
        writer = StreamWriter(self._protocol, asyncio.get_running_loop())
        try:
            async for piece in _pieces(body):
                await writer.write(piece)
        except ConnectionError:
            pass  # a service that closes the connection may have answered before: that is for whoever reads
        except Exception as error:  # noqa: BLE001 - whatever a body raises, its sender is told of
            self.failure = error
            self._protocol.close()


async def _pieces(body: bytes | StreamedBody) -> AsyncIterator[bytes | memoryview]:
    if isinstance(body, bytes):
        whole = memoryview(body)
        for start in range(0, len(whole), _PIECE_BYTES):
            yield whole[start : start + _PIECE_BYTES]
        return
    left = body.size
    async for chunk in body.chunks():
        left -= len(chunk)
        if left < 0:
            break
        yield chunk
    if left != 0:
        raise ValueError("a streamed body is not as long as it says")
