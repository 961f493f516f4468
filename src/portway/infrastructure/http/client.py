"""The HTTP client for outgoing calls: one shared connector of aiohttp, past the egress guard."""

import ssl
from collections.abc import Mapping
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from portway.application.ports.http import (
    DEFAULT_MAX_RESPONSE_BYTES,
    OutgoingRequest,
    StreamedBody,
    UpstreamResponse,
)
from portway.domain.errors import UpstreamInvalidResponse, UpstreamTimeout
from portway.infrastructure.http.egress_guard import EgressGuard
from portway.infrastructure.http.exchange import Exchanges
from portway.infrastructure.http.failures import FAILURES, failure_of
from portway.infrastructure.http.guarded_connection import (
    GuardedResolver,
    SystemResolver,
    guarded_socket_factory,
)
from portway.infrastructure.http.request_body import BodyFailed
from portway.infrastructure.http.request_check import check_request
from portway.infrastructure.http.response_reading import AiohttpResponse

MAX_REDIRECTS: Final = 5
"""Redirects that are followed for one call."""

DNS_CACHE_SECONDS: Final = 10
"""How long the (already judged) addresses of a host serve new connections."""

IDLE_SECONDS: Final = 15.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEPT_FOR_ANOTHER_ORIGIN = frozenset({"accept", "user-agent"})


class AiohttpClient:
    """Implements `application.ports.http.HttpClient`. Opens its connector at the first call; `close` it.

    A request whose method, URL or headers cannot be sent as HTTP is never sent: InvalidIntegrationConfig,
    because what a caller passes is encoded where the request is built, so only a definition can have led
    here. So are headers that frame the message (`Host`, `Content-Length`, `Transfer-Encoding`, ...), which
    are the client's own.

    UpstreamUnreachable and EgressBlocked mean that the request was not sent (redirects: that its last hop was
    not); after UpstreamTimeout and UpstreamInvalidResponse the service may have acted. A request of an
    idempotent method is sent a second time where the connection broke before any answer (RFC 9110, section
    9.2.2); it may have been idle. A body that is streamed begins anew then.
    """

    def __init__(
        self,
        guard: EgressGuard,
        *,
        resolver: AbstractResolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
        max_connections: int = 512,
        max_connections_per_host: int = 128,
    ) -> None:
        self._guard = guard
        self._resolver = GuardedResolver(guard, resolver or SystemResolver())
        # Loading the authorities' certificates takes milliseconds, so it is done once.
        self._ssl_context = ssl_context or _default_ssl_context()
        self._max_connections = max_connections
        self._max_connections_per_host = max_connections_per_host
        self._exchanges: Exchanges | None = None

    async def send(
        self,
        request: OutgoingRequest,
        *,
        timeout_seconds: float,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        follow_redirects: bool = True,
    ) -> UpstreamResponse:
        try:
            # One limit over all redirects and the whole body.
            with self._opened().deadlines.within(timeout_seconds + request.upload_seconds()):
                response = await self._open(request, follow_redirects=follow_redirects)
                return await response.read(max_bytes=max_response_bytes)
        except TimeoutError:
            failure = _too_late(request, timeout_seconds)
        raise failure

    async def open(
        self, request: OutgoingRequest, *, timeout_seconds: float, follow_redirects: bool = True
    ) -> AiohttpResponse:
        try:
            with self._opened().deadlines.within(timeout_seconds + request.upload_seconds()):
                return await self._open(request, follow_redirects=follow_redirects)
        except TimeoutError:
            failure = _too_late(request, timeout_seconds)
        raise failure

    async def close(self) -> None:
        """Closes all connections; calls under way fail."""
        if self._exchanges is not None:
            await self._exchanges.close()
        await self._resolver.close()

    async def _open(self, request: OutgoingRequest, *, follow_redirects: bool) -> AiohttpResponse:
        url = check_request(request)
        headers, body = request.headers, request.body
        is_followed = follow_redirects and request.method in {"GET", "HEAD"}
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._exchange(request.method, url, headers, body)
            location = response.headers.get("location") if is_followed else None
            if location is None or response.status_code not in _REDIRECTS:
                return response
            await response.close()
            target = _redirect_target(url, location)
            if _origin(target) != _origin(url):
                # Whatever the headers are called, one of them is the credential; the body may hold it too.
                headers = {
                    name: value for name, value in headers.items() if name.lower() in _KEPT_FOR_ANOTHER_ORIGIN
                }
                body = None
            url = target
        raise UpstreamInvalidResponse(f"{url.raw_host} redirected more than {MAX_REDIRECTS} times.")

    async def _exchange(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | StreamedBody | None
    ) -> AiohttpResponse:
        failure: Exception
        try:
            return AiohttpResponse(await self._opened().exchange(method, url, headers, body))
        except BodyFailed as error:
            failure = error.failure
        except FAILURES as error:
            failure = failure_of(error, url.raw_host or "")
        # Outside of the handlers, so that aiohttp's error, which may hold the whole URL, is not its context.
        raise failure

    def _opened(self) -> Exchanges:
        if self._exchanges is None:
            connector = aiohttp.TCPConnector(
                resolver=self._resolver,
                socket_factory=guarded_socket_factory(self._guard),
                ssl=self._ssl_context,
                limit=self._max_connections,
                limit_per_host=self._max_connections_per_host,
                ttl_dns_cache=DNS_CACHE_SECONDS,
                keepalive_timeout=IDLE_SECONDS,
            )
            self._exchanges = Exchanges(connector, self._guard)
        return self._exchanges


def _default_ssl_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _too_late(request: OutgoingRequest, timeout_seconds: float) -> UpstreamTimeout:
    host = URL(request.url, encoded=True).raw_host
    return UpstreamTimeout(f"{host} did not answer within {timeout_seconds:g} seconds.")


def _redirect_target(url: URL, location: str) -> URL:
    try:
        target = url.join(URL(location))
        target.port  # noqa: B018 - yarl looks at the port no sooner than it is asked for
    except ValueError:
        raise UpstreamInvalidResponse(f"{url.raw_host} redirected to something that is not a URL.") from None
    return target


def _origin(url: URL) -> tuple[str, str, int | None]:
    return url.scheme, (url.raw_host or "").lower(), url.port
