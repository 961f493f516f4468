"""A request's body as aiohttp should get it."""

import io

from aiohttp import Payload
from aiohttp.abc import AbstractStreamWriter

from portway.application.ports.http import StreamedBody

# Above this size aiohttp warns that writing at once holds up the event loop.
_WRITTEN_AT_ONCE = 1024 * 1024


class StreamedPayload(Payload):
    """Written piece by piece, with Content-Length; from the beginning each time that it is written.

    `failure` is what the body itself raised, which aiohttp takes for a broken connection.
    """

    _autoclose = True  # whoever made the body closes it

    def __init__(self, body: StreamedBody) -> None:
        super().__init__(body)
        self._body = body
        self._size = body.size
        self.failure: Exception | None = None

    async def write(self, writer: AbstractStreamWriter) -> None:
        self.failure = None
        left = self._body.size
        try:
            async for chunk in self._body.chunks():
                left -= len(chunk)
                if left < 0:
                    break
                await writer.write(chunk)
        except ConnectionError:
            raise  # the service's doing
        except Exception as error:
            self.failure = error
            raise
        if left != 0:
            self.failure = ValueError("a streamed body is not as long as it says")
            raise self.failure

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("a streamed body is not held in memory")


def payload_of(body: bytes | StreamedBody | None) -> bytes | io.BytesIO | StreamedPayload | None:
    """A large body is written in pieces, so that other calls go on."""
    if not body:
        return None
    if not isinstance(body, bytes):
        return StreamedPayload(body)
    return body if len(body) <= _WRITTEN_AT_ONCE else io.BytesIO(body)
