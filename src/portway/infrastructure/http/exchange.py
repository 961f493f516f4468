"""One request and its answer, on a connection of aiohttp's connector.

The connector (limits, kept connections, TLS, names), the parser and the streams are aiohttp's. Its ClientSession is
left out: what it does about cookies, proxies, redirects and tracing is not wanted here, and took three times as long
as all the rest of an exchange.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http import RawResponseMessage
from multidict import CIMultiDictProxy
from yarl import URL

from portway import __version__
from portway.application.ports.http import StreamedBody
from portway.infrastructure.http.deadlines import Deadlines
from portway.infrastructure.http.egress_guard import EgressGuard
from portway.infrastructure.http.request_body import BodyFailed, Upload

USER_AGENT: Final = f"Portway/{__version__}"
ACCEPT_ENCODING: Final = "gzip, deflate"
"""What is decoded everywhere; brotli and zstd would need libraries of their own."""

CONNECT_SECONDS: Final = 10.0
MAX_HEADER_BYTES: Final = 32 * 1024
"""For one header line of an answer; some services send long ones (aiohttp's default is 8,190)."""

_CONNECT_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
_DEFAULT_FIELDS = (
    ("user-agent", f"User-Agent: {USER_AGENT}\r\n"),
    ("accept", "Accept: */*\r\n"),
    ("accept-encoding", f"Accept-Encoding: {ACCEPT_ENCODING}\r\n"),
)
# RFC 9110, section 8.6: others say that their body is empty.
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
# RFC 9110, section 9.2.2
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
# Written together with the head; longer ones are sent as fast as the service takes them.
_WRITTEN_AT_ONCE_BYTES = 256 * 1024
_ORIGINS = 4096


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections lead. `request` is what aiohttp's connector reads that from."""

    host: str
    host_field: str
    request: aiohttp.ClientRequest


class Answer:
    """An answer whose head is there. Its body is in `content`; at its end the connection serves the next exchange."""

    __slots__ = ("_connection", "_upload", "content", "headers", "host", "status")

    def __init__(
        self,
        host: str,
        message: RawResponseMessage,
        content: aiohttp.StreamReader,
        connection: Connection,
        upload: Upload | None,
    ) -> None:
        self.host = host
        self.status: int = message.code
        self.headers: CIMultiDictProxy[str] = message.headers
        self.content = content
        self._connection: Connection | None = connection
        self._upload = upload
        content.on_eof(self._at_its_end)

    def close(self) -> None:
        """Where its end has not come, the connection cannot serve another exchange."""
        if self._connection is not None:
            if self._upload is not None:
                self._upload.cancel()
            self._connection.close()
            self._connection = None

    def _at_its_end(self) -> None:
        if self._connection is not None and (self._upload is None or self._upload.is_done):
            self._connection.release()
            self._connection = None
        else:
            self.close()  # what is still to be sent, nobody reads


class Exchanges:
    """Exchanges over one connector. To be made where the event loop runs.

    A request of an idempotent method is sent a second time where the connection broke before any answer; it may
    have been idle.
    """

    def __init__(self, connector: aiohttp.TCPConnector, guard: EgressGuard) -> None:
        self.deadlines = Deadlines()
        """For whoever makes exchanges."""
        self._connector = connector
        self._guard = guard
        self._loop = asyncio.get_running_loop()
        # Judged once: what a URL says of where it leads does not change.
        self._origin = lru_cache(maxsize=_ORIGINS)(self._find_origin)

    async def close(self) -> None:
        """Closes all connections; exchanges under way fail."""
        await self._connector.close()
        self.deadlines.close()

    async def exchange(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | StreamedBody | None
    ) -> Answer:
        """Raises EgressBlocked, BodyFailed, and what `failures.FAILURES` names."""
        origin = self._origin(url.scheme, url.raw_authority)
        head = _head(method, url, origin, headers, body)
        attempts_left = 2 if method in _IDEMPOTENT else 1
        while True:
            attempts_left -= 1
            connection = await self._connector.connect(origin.request, traces=[], timeout=_CONNECT_TIMEOUT)
            try:
                return await _exchange(connection, origin.host, head, body, is_head=method == "HEAD")
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
                if not attempts_left:
                    raise

    def _find_origin(self, scheme: str, authority: str) -> Origin:
        url = URL.build(scheme=scheme, authority=authority, encoded=True)
        self._guard.check_url(url)
        request = aiohttp.ClientRequest("GET", url, loop=self._loop)
        return Origin(url.raw_host or "", f"Host: {url.host_port_subcomponent}\r\n", request)


def _head(
    method: str,
    url: URL,
    origin: Origin,
    headers: Mapping[str, str],
    body: bytes | StreamedBody | None,
) -> bytes:
    """RFC 9112, section 2.1. The request has been checked, so nothing in it ends a line."""
    names = {name.lower() for name in headers}
    fields = [f"{name}: {value}\r\n" for name, value in headers.items()]
    fields += [field for name, field in _DEFAULT_FIELDS if name not in names]
    if body:
        length = len(body) if isinstance(body, bytes) else body.size
        fields.append(f"Content-Length: {length}\r\n")
    elif method not in _WITHOUT_BODY:
        fields.append("Content-Length: 0\r\n")
    return f"{method} {url.raw_path_qs} HTTP/1.1\r\n{origin.host_field}{''.join(fields)}\r\n".encode()


async def _exchange(
    connection: Connection, host: str, head: bytes, body: bytes | StreamedBody | None, *, is_head: bool
) -> Answer:
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None:
        raise aiohttp.ServerDisconnectedError
    upload: Upload | None = None
    try:
        protocol.set_response_params(
            skip_payload=is_head,
            read_until_eof=True,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
        )
        if not body:
            transport.write(head)
        elif isinstance(body, bytes) and len(body) <= _WRITTEN_AT_ONCE_BYTES:
            transport.write(head + body)
        else:
            transport.write(head)
            upload = Upload(body, protocol)
        message, content = await protocol.read()
        while 100 <= message.code <= 199 and message.code != 101:  # interim (RFC 9110, section 15.2)
            message, content = await protocol.read()
    except BaseException:
        connection.close()
        if upload is not None:
            await upload.stop()
            if upload.failure is not None:
                raise BodyFailed(upload.failure) from None
        raise
    return Answer(host, message, content, connection, upload)
