"""The calls of one execution: the credential, its origins, retries, and one forced refresh when it is refused."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from portway.application.credential_placement import authenticate, secrets_of
from portway.application.destinations import check_service
from portway.application.language.transform_config import TransformConfig
from portway.application.ports.execution_ledger import Grant
from portway.application.ports.http import (
    OutgoingRequest,
    StreamedResponse,
    StreamingHttpClient,
    UpstreamResponse,
)
from portway.application.ports.sockets import SocketConnector
from portway.application.refresh_service import RefreshService
from portway.application.renewer import is_renewable
from portway.application.retries import delay_seconds, idempotency_key_header, is_idempotent, may_repeat
from portway.application.stopwatch import Stopwatch
from portway.domain.credential import Credential
from portway.domain.errors import (
    EgressBlocked,
    InvalidIntegrationConfig,
    ReauthorizationRequired,
    UpstreamTimeout,
    UpstreamUnreachable,
)

_UNAUTHORIZED = 401
_NOT_SENT = (UpstreamUnreachable, EgressBlocked, InvalidIntegrationConfig)
"""After these errors of the HTTP client, the service knows nothing of the request."""


class ExecutableCall(msgspec.Struct):
    """Counts attempts, and keeps the credential that is in use. Shows nothing of itself.

    `may_have_acted`: a request went out that the service did not answer with 401. `secrets` are the literals of all
    credentials that were in use.
    """

    grant: Grant
    config: TransformConfig
    execution_id: UUID
    http: StreamingHttpClient
    sockets: SocketConnector
    refresh: RefreshService
    sealed_pass: str
    deadline: float
    credential: Credential | None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    attempts: int = 0
    refreshed: bool = False
    on_new_deadline: Callable[[float], None] | None = None
    may_have_acted: bool = False
    secrets: list[str] = []
    stopwatch: Stopwatch = msgspec.field(default_factory=Stopwatch)
    _keyed_requests: int = 0

    def __post_init__(self) -> None:
        self.secrets += self._secrets()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []

    async def prepare(self) -> None:
        """Refreshes the credential where it is due."""
        if self.credential and self.refresh.is_due(self.grant.integration, self.credential):
            await self._refresh(refused=False)

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """The answer, of whatever status but two times 401, for which a token is refreshed in between.

        Raises what the HTTP client raises, and ReauthorizationRequired.
        """
        return await self.read(await self.open(request))

    async def open(self, request: OutgoingRequest) -> StreamedResponse:
        """The same, with the body still to come."""
        if self.config.retry.idempotency_header is not None:
            request = self._keyed(request)
        self._give_time(request)
        repeats = may_repeat(request.method, self.config.retry)
        response = await self._repeated(request, self._open_with_credential, repeats=repeats)
        if response.status_code != _UNAUTHORIZED or not is_renewable(self.grant.integration):
            return response
        await response.close()
        await self._refresh(refused=True)
        response = await self._repeated(request, self._open_with_credential, repeats=repeats)
        if response.status_code == _UNAUTHORIZED:
            await response.close()
            await self._mark_refused()
            raise ReauthorizationRequired
        return response

    async def send_elsewhere(self, request: OutgoingRequest) -> UpstreamResponse:
        """Without the credential, to any address that the egress guard allows.

        What the row says of repetitions is said of its own service, so here only the method counts.
        """
        self._give_time(request)
        repeats = is_idempotent(request.method)
        return await self.read(await self._repeated(request, self._open_once, repeats=repeats))

    async def connect(self, host: str, port: int) -> socket.socket:
        """A connection for a protocol that is not HTTP. What is done with it may act."""
        remaining = self._remaining()
        self.attempts += 1
        connection = await self.sockets.connect(host, port, timeout_seconds=remaining)
        self.may_have_acted = True
        return connection

    def _remaining(self) -> float:
        remaining = self.deadline - asyncio.get_running_loop().time()
        if remaining <= 0:
            raise UpstreamTimeout
        return remaining

    def _keyed(self, request: OutgoingRequest) -> OutgoingRequest:
        """With a key by which the service knows a repeated request: one for each request of the execution."""
        name = idempotency_key_header(request.method, self.config.retry)
        if name is None or name.lower() in request.headers:
            return request
        self._keyed_requests += 1
        suffix = "" if self._keyed_requests == 1 else f"-{self._keyed_requests}"
        return replace(request, headers={**request.headers, name.lower(): f"{self.execution_id}{suffix}"})

    async def read(self, response: StreamedResponse) -> UpstreamResponse:
        """All of an answer, as far as the row and the deadline allow."""
        began = time.perf_counter()
        try:
            return await response.read(max_bytes=self.config.response.max_bytes, deadline=self.deadline)
        finally:
            self.stopwatch.service += time.perf_counter() - began
            await response.close()

    async def _repeated(
        self,
        request: OutgoingRequest,
        attempt: Callable[[OutgoingRequest], Awaitable[StreamedResponse]],
        *,
        repeats: bool,
    ) -> StreamedResponse:
        """The first answer that needs no repetition, or may have none, or else the last one.

        A request that never left is repeated in any case.
        """
        retry = self.config.retry
        for failures in range(1, retry.max_attempts):
            response: StreamedResponse | None = None
            try:
                response = await attempt(request)
                if response.status_code not in retry.statuses or not repeats:
                    return response
            except UpstreamUnreachable:
                if not self._can_wait(delay := delay_seconds(retry, failures)):
                    raise
            else:
                if not self._can_wait(delay := delay_seconds(retry, failures, response.headers)):
                    return response
                await response.close()
            await self.sleep(delay)
        return await attempt(request)

    def _can_wait(self, seconds: float) -> bool:
        return asyncio.get_running_loop().time() + seconds < self.deadline

    def _open_with_credential(self, request: OutgoingRequest) -> Awaitable[StreamedResponse]:
        integration, connection = self.grant.integration, self.grant.connection
        check_service(request.url, integration, connection)
        return self._open_once(authenticate(request, integration, self.credential, config=connection.config))

    async def _open_once(self, request: OutgoingRequest) -> StreamedResponse:
        remaining = self._remaining()
        self.attempts += 1
        acted_before, self.may_have_acted = self.may_have_acted, True
        began = time.perf_counter()
        try:
            # The client gives a large body its time by itself.
            own_time = max(remaining - request.upload_seconds(), 0.001)
            response = await self.http.open(request, timeout_seconds=own_time)
        except _NOT_SENT:
            self.may_have_acted = acted_before
            raise
        finally:
            self.stopwatch.service += time.perf_counter() - began
        if response.status_code == _UNAUTHORIZED:
            self.may_have_acted = acted_before
        return response

    def _give_time(self, request: OutgoingRequest) -> None:
        """A large body has time of its own to be sent."""
        if seconds := request.upload_seconds():
            self.deadline += seconds
            if self.on_new_deadline is not None:
                self.on_new_deadline(self.deadline)

    async def _refresh(self, *, refused: bool) -> None:
        grant = replace(self.grant, credential=self.credential)
        before = self.credential
        try:
            async with asyncio.timeout_at(self.deadline):
                self.credential = await self.refresh.refresh(grant, self.sealed_pass, refused=refused)
        except TimeoutError:
            raise UpstreamTimeout("The access token could not be refreshed in time.") from None
        except ReauthorizationRequired:
            if refused:
                await self._mark_refused()
            raise
        if self.credential is not before:
            self.refreshed = True
            self.secrets += self._secrets()

    def _secrets(self) -> list[str]:
        return secrets_of(self.credential, self.grant.integration, self.grant.connection.config)

    async def _mark_refused(self) -> None:
        """The service refuses even a new token, or there is none to be had."""
        if self.credential is not None:
            await self.refresh.mark_refused(self.grant.connection.id, self.credential, self.sealed_pass)
