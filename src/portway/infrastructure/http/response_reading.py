"""Reading an answer, as long as it keeps coming and is not too long."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

from multidict import CIMultiDictProxy

from portway.application.ports.http import UpstreamResponse
from portway.domain.errors import UpstreamFailure, UpstreamInvalidResponse, UpstreamTimeout
from portway.infrastructure.http.exchange import Answer
from portway.infrastructure.http.failures import FAILURES, failure_of

IDLE_BODY_SECONDS: Final = 60.0
"""How long an answer may pause in the middle of its body."""


class AiohttpResponse:
    """Implements `application.ports.http.StreamedResponse`.

    aiohttp decodes no further than is read, so a small answer that unpacks to gigabytes costs no more memory than
    one piece of it.
    """

    def __init__(self, answer: Answer, *, idle_seconds: float = IDLE_BODY_SECONDS) -> None:
        self._answer = answer
        self._idle_seconds = idle_seconds
        self.status_code = answer.status
        self.headers: Mapping[str, str] = _headers(answer.headers)

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            while piece := await self._piece():
                yield piece
        finally:
            # Where this is not the end, the connection cannot serve another call.
            await self.close()

    async def read(self, *, max_bytes: int, deadline: float | None = None) -> UpstreamResponse:
        if self._answer.content.is_eof():
            return self._read_rest(max_bytes)
        if deadline is None:
            return await self._read(max_bytes)
        try:
            async with asyncio.timeout_at(deadline):
                return await self._read(max_bytes)
        except TimeoutError:
            failure = UpstreamTimeout()
        raise failure

    async def _read(self, max_bytes: int) -> UpstreamResponse:
        """What counts is the decoded size: some kilobytes of gzip can be gigabytes of text."""
        pieces: list[bytes] = []
        size = 0
        try:
            while piece := await self._piece():
                size += len(piece)
                if size > max_bytes:
                    raise self._too_large(max_bytes)
                pieces.append(piece)
        finally:
            await self.close()
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return UpstreamResponse(self.status_code, self.headers, body)

    def _read_rest(self, max_bytes: int) -> UpstreamResponse:
        """The same of an answer that is there to its end, as most are with their head."""
        body = self._rest()
        if len(body) > max_bytes:
            raise self._too_large(max_bytes)
        return UpstreamResponse(self.status_code, self.headers, body)

    def _too_large(self, max_bytes: int) -> UpstreamInvalidResponse:
        return UpstreamInvalidResponse(f"The answer of {self._answer.host} is larger than {max_bytes} bytes.")

    async def close(self) -> None:
        self._answer.close()

    async def _piece(self) -> bytes:
        content = self._answer.content
        if content.is_eof():
            return self._rest()
        failure: UpstreamFailure
        try:
            async with asyncio.timeout(self._idle_seconds):
                return await content.readany()
        except TimeoutError:
            failure = UpstreamTimeout(
                f"{self._answer.host} sent nothing for {self._idle_seconds:g} seconds in the middle of its answer."
            )
        except FAILURES as error:
            failure = failure_of(error, self._answer.host)
        # Outside of the handler, so that aiohttp's error, which holds the whole URL, is not its context.
        raise failure

    def _rest(self) -> bytes:
        """What is left of an answer whose end has come."""
        try:
            return self._answer.content.read_nowait()
        except FAILURES as error:
            failure = failure_of(error, self._answer.host)
        raise failure


def _headers(fields: CIMultiDictProxy[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields.items():
        name = raw_name.lower()
        value = raw_value if raw_value.isascii() else _readable(raw_value)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    # The body is decoded by now, so these would be untrue.
    if headers.pop("content-encoding", None) is not None:
        headers.pop("content-length", None)
    return headers


def _readable(value: str) -> str:
    """The value as Latin-1 where it is not UTF-8; aiohttp gives lone surrogates, which no JSON can hold."""
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
