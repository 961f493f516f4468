"""An upload in several requests, which goes on where it stopped.

https://developers.google.com/workspace/drive/api/guides/manage-uploads#resumable; what that leaves open is done as in
Google's own client, `googleapiclient.http`.
"""

import asyncio
import re
from collections.abc import AsyncIterator

from portway.application.handlers.action_handler import ActionContext
from portway.application.handlers.steps import Steps
from portway.application.language.transform_config import Retry
from portway.application.ports.http import OutgoingRequest, StreamedBody, UpstreamResponse
from portway.application.retries import delay_seconds
from portway.domain.errors import UpstreamInvalidResponse, UpstreamUnreachable
from portway.domain.rules.access_control import origin_of

CHUNK_BYTES = 8 * 1024 * 1024
"""All chunks but the last must be multiples of 256 KiB."""

_RESUME_INCOMPLETE = 308
_SERVER_ERRORS = 500
_MAX_FAILURES = 5
_RECEIVED = re.compile(r"(?:bytes=)?0-([0-9]{1,15})")
_RETRY = Retry()


class ResumableUpload:
    """Sends a content in chunks; of a streamed one, no more than a chunk is in memory."""

    def __init__(self, context: ActionContext, content: bytes | StreamedBody, size: int) -> None:
        self._context = context
        self._content = _Content(content)
        self._size = size
        self._session = ""
        self._elsewhere = False

    async def run(self, initiation: OutgoingRequest) -> UpstreamResponse:
        """The answer to the last chunk: the file. Raises UpstreamError where Drive gives up, and
        UpstreamInvalidResponse for answers that are none of the protocol's.
        """
        steps = Steps()
        begun = await steps.run("begin the upload", self._context.send(initiation))
        self._session = begun.headers.get("location", "")
        if not self._session.startswith(("https://", "http://")):
            raise UpstreamInvalidResponse("The service gave no address for the upload.")
        self._elsewhere = origin_of(self._session) != origin_of(initiation.url)
        return await steps.run("send the content", self._send_all())

    async def _send_all(self) -> UpstreamResponse:
        position = in_vain = 0
        while in_vain < _MAX_FAILURES:
            last = min(position + CHUNK_BYTES, self._size) - 1
            # Not by a name, which would keep this chunk in memory beside the next one.
            answer = await self._put(
                f"bytes {position}-{last}/{self._size}", await self._content.at(position, CHUNK_BYTES)
            )
            if answer is None or answer.status_code >= _SERVER_ERRORS:
                answer = await self._recover(answer)
            if answer.status_code != _RESUME_INCOMPLETE:
                return answer
            received = self._received(answer)
            in_vain = 0 if received > position else in_vain + 1
            position = received
        raise UpstreamInvalidResponse("The service asks for the same part of the content again and again.")

    async def _recover(self, answer: UpstreamResponse | None) -> UpstreamResponse:
        """Asks how much has arrived, until there is an answer that is of use, or none is to be expected."""
        for failures in range(1, _MAX_FAILURES + 1):
            await asyncio.sleep(delay_seconds(_RETRY, failures, answer.headers if answer else None))
            answer = await self._put(f"bytes */{self._size}", b"")
            if answer is not None and answer.status_code < _SERVER_ERRORS:
                return answer
        if answer is None:
            raise UpstreamUnreachable("The connection to the service was lost again and again.")
        return answer

    async def _put(self, content_range: str, content: bytes) -> UpstreamResponse | None:
        """The answer, or None where the connection was lost."""
        headers = {"accept": "application/json", "content-range": content_range}
        request = OutgoingRequest("PUT", self._session, headers, content)
        try:
            # The address of a session is the permission to write to it; a credential is for the service alone.
            if self._elsewhere:
                return await self._context.send_elsewhere(request)
            return await self._context.send(request)
        except (UpstreamUnreachable, UpstreamInvalidResponse):
            return None

    def _received(self, answer: UpstreamResponse) -> int:
        """How many bytes have arrived; without a Range, none have."""
        value = answer.headers.get("range")
        if value is None:
            return 0
        match = _RECEIVED.fullmatch(value.strip())
        if match is None or int(match.group(1)) >= self._size:
            raise UpstreamInvalidResponse("The service does not say how much of the content has arrived.")
        return int(match.group(1)) + 1


class _Content:
    """A content by position. A streamed one is read on from where it is, or, to go back, from its beginning."""

    def __init__(self, content: bytes | StreamedBody) -> None:
        self._content = content
        self._chunks: AsyncIterator[bytes] | None = None
        self._held = bytearray()
        self._position = 0
        """Where `_held` begins."""

    async def at(self, position: int, size: int) -> bytes:
        """So many bytes from there, fewer at the end."""
        if isinstance(self._content, bytes):
            return self._content[position : position + size]
        if self._chunks is None or position < self._position:
            self._chunks, self._position = self._content.chunks(), 0
            self._held.clear()
        self._drop_until(position)
        while len(self._held) < size or self._position < position:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                break
            self._held += chunk
            self._drop_until(position)
        return bytes(memoryview(self._held)[:size])

    def _drop_until(self, position: int) -> None:
        dropped = min(position - self._position, len(self._held))
        del self._held[:dropped]
        self._position += dropped
