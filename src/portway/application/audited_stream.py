"""A body on its way from a service to a caller, whose audit row is completed before its last piece goes out."""

from collections.abc import AsyncIterator, Awaitable, Callable

from portway.application.ports.http import StreamedResponse
from portway.application.responses.response_mapping import filename_of
from portway.domain.errors import ClientDisconnected, PortwayError

Recorder = Callable[[int, PortwayError | None], Awaitable[None]]
"""Completes the audit row of so many bytes, and of what ended them too early."""


class AuditedStream:
    """Implements `RawAnswer`."""

    def __init__(self, response: StreamedResponse, record: Recorder) -> None:
        self._response = response
        self._record = record
        self._chunks = response.chunks()
        self._held: bytes | None = None
        self._size = 0
        self._is_recorded = False

    @property
    def content_type(self) -> str:
        return self._response.headers.get("content-type", "application/octet-stream")

    @property
    def content_length(self) -> int | None:
        length = self._response.headers.get("content-length", "")
        return int(length) if length.isascii() and length.isdecimal() else None

    @property
    def filename(self) -> str | None:
        return filename_of(self._response.headers)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """One piece behind the service: the last one is held until it is known to be the last."""
        while not self._is_recorded:
            try:
                chunk = await anext(self._chunks, None)
            except PortwayError as error:
                await self._end(error)
                raise
            except Exception:
                await self._end(PortwayError())
                raise
            if chunk is None:
                await self._end(None)
                break
            self._size += len(chunk)
            held, self._held = self._held, chunk
            if held is not None:
                return held
        if self._held is None:
            raise StopAsyncIteration
        last, self._held = self._held, None
        return last

    async def aclose(self) -> None:
        """Gives up, if that was not the end."""
        await self._end(ClientDisconnected())

    async def _end(self, failure: PortwayError | None) -> None:
        if self._is_recorded:
            return
        self._is_recorded = True
        if failure is not None:
            self._held = None
        try:
            await self._response.close()
        finally:
            await self._record(self._size, failure)
