"""The main job: open, check, refresh, transform, call, record."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from msgspec.structs import replace

from portway.application.action_run import run_handler, run_pages, run_request
from portway.application.audited_stream import AuditedStream
from portway.application.credential_placement import secrets_of
from portway.application.error_masking import without_secrets
from portway.application.executable_call import ExecutableCall
from portway.application.execution_outcome import Outcome
from portway.application.execution_result import ExecutionFailed, ExecutionResult
from portway.application.handlers.registry import HandlerRegistry
from portway.application.idempotent_answer import load_answer
from portway.application.language.documents import action_config
from portway.application.oauth_service import OAuthService
from portway.application.ports.execution_ledger import ExecutionLedger, Grant, Opened, Opening
from portway.application.ports.http import StreamedResponse, StreamingHttpClient
from portway.application.ports.schema import ParameterSchema
from portway.application.ports.sockets import SocketConnector
from portway.application.rate_guard import RateGuard
from portway.application.recording import (
    LoggedParameters,
    Recording,
    closing_of,
    parameters_before_the_call,
)
from portway.application.refresh_service import RefreshService
from portway.application.stopwatch import Stopwatch
from portway.domain.action import MAX_TIMEOUT_MS
from portway.domain.errors import (
    InsufficientScope,
    InvalidParameters,
    MalformedRequest,
    PortwayError,
    ReauthorizationRequired,
    UpstreamError,
)
from portway.domain.json_value import JsonObject
from portway.domain.principal import Principal
from portway.domain.rate_limit import RateState
from portway.domain.record import Record
from portway.domain.rules.access_control import check_scopes

_log = logging.getLogger(__name__)


class ExecutionRequest(Record, frozen=True):
    """What a caller asks for. `request_hash` is the SHA-256 of the body, for `idempotency_key`. `raw`: the service's
    bytes are wanted, not their JSON.
    """

    workspace_id: UUID
    connection_id: UUID
    action: str
    parameters: JsonObject
    timeout_ms: int | None = None
    idempotency_key: str | None = None
    request_hash: bytes = b""
    max_pages: int | None = None
    raw: bool = False


class ExecuteAction:
    """Executes actions. Every execution of an authenticated caller has its audit row, durable before the service is
    called and complete before the caller is answered.
    """

    def __init__(
        self,
        *,
        ledger: ExecutionLedger,
        refresh: RefreshService,
        oauth: OAuthService,
        http: StreamingHttpClient,
        schema: ParameterSchema,
        handlers: HandlerRegistry,
        rate_guard: RateGuard,
        sockets: SocketConnector,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._refresh = refresh
        self._oauth = oauth
        self._http = http
        self._schema = schema
        self._handlers = handlers
        self._rate_guard = rate_guard
        self._sockets = sockets
        self._sleep = sleep

    async def execute(
        self, principal: Principal, request: ExecutionRequest, stopwatch: Stopwatch | None = None
    ) -> ExecutionResult:
        """Raises ExecutionFailed once there is an audit row, Unavailable where there can be none.

        `stopwatch` is told where the time goes.
        """
        stopwatch = stopwatch or Stopwatch()
        started = time.perf_counter()
        before = parameters_before_the_call(request.parameters)
        opened = await self._ledger.open(
            Opening(
                sealed_pass=principal.sealed_pass,
                workspace_id=request.workspace_id,
                connection_id=request.connection_id,
                action=request.action,
                request_payload=before.text,
                timeout_ms=request.timeout_ms,
                idempotency_key=request.idempotency_key,
                request_hash=request.request_hash,
            )
        )
        stopwatch.opening = time.perf_counter() - started
        if opened.replay is not None:
            return load_answer(opened.execution_id, opened.replay)
        if opened.grant is None:
            refusal = opened.refusal or PortwayError()
            raise ExecutionFailed(
                opened.execution_id, await self._for_the_caller(refusal, principal, request)
            )
        execution = _Execution(principal, request, before, opened, opened.grant, started, stopwatch)
        return await self._finish(execution)

    async def refuse(self, principal: Principal, refusal: PortwayError) -> ExecutionFailed:
        """The audit row of a request that was refused before it could be understood."""
        opened = await self._ledger.open(
            Opening(
                sealed_pass=principal.sealed_pass,
                workspace_id=None,
                connection_id=None,
                action=None,
                request_payload=None,
                timeout_ms=None,
                refusal=refusal,
            )
        )
        return ExecutionFailed(opened.execution_id, opened.refusal or refusal)

    async def _finish(self, execution: "_Execution") -> ExecutionResult:
        """Calls, and completes the audit row whatever comes of it."""
        result: ExecutionResult | None = None
        failure: PortwayError | None = None
        rate_limit: RateState | None = None
        call: ExecutableCall | None = None
        try:
            call = self._call(execution)
            self._check(call, execution)
            rate_limit = await self._rate_guard.check(execution.principal, execution.grant)
            outcome = await self._perform(call, execution)
            result = _result(outcome, execution, call, rate_limit)
            if outcome.coming is not None:
                return replace(result, stream=self._stream(outcome.coming, result, execution, call))
        except PortwayError as error:
            failure = error
        except Exception as error:  # noqa: BLE001  whatever it is, the audit row must be completed
            _log.exception("execution %s failed unexpectedly", execution.opened.execution_id)
            failure = PortwayError("Something in Portway itself failed; the log of the server says more.")
            failure.__cause__ = error
        failure = await self._record(execution, call, result, failure)
        if result is None:
            raise ExecutionFailed(execution.opened.execution_id, failure or PortwayError()) from failure
        return result

    async def _record(
        self,
        execution: "_Execution",
        call: ExecutableCall | None,
        result: ExecutionResult | None,
        failure: PortwayError | None,
    ) -> PortwayError | None:
        """Completes the audit row. Returns the failure as the caller may see it."""
        grant = execution.grant
        secrets = (
            call.secrets if call else secrets_of(grant.credential, grant.integration, grant.connection.config)
        )
        if failure is not None:
            failure = await self._for_the_caller(failure, execution.principal, execution.request, secrets)
        closing = closing_of(
            execution.recording(),
            result=result,
            failure=failure,
            secrets=secrets,
            attempts=call.attempts if call else 0,
            may_have_acted=call.may_have_acted if call else False,
            duration_ms=execution.elapsed_ms(),
        )
        began = time.perf_counter()
        await self._ledger.close(closing)
        execution.stopwatch.closing = time.perf_counter() - began
        return failure

    def _call(self, execution: "_Execution") -> ExecutableCall:
        grant, asked = execution.grant, execution.request.timeout_ms
        timeout_ms = min(asked or MAX_TIMEOUT_MS, grant.action.timeout_ms)
        return ExecutableCall(
            grant=grant,
            config=action_config(grant.integration, grant.action),
            execution_id=execution.opened.execution_id,
            http=self._http,
            sockets=self._sockets,
            refresh=self._refresh,
            sealed_pass=execution.principal.sealed_pass,
            deadline=asyncio.get_running_loop().time() + timeout_ms / 1000,
            credential=grant.credential,
            sleep=self._sleep,
            stopwatch=execution.stopwatch,
        )

    def _check(self, call: ExecutableCall, execution: "_Execution") -> None:
        """Refuses what is wrong with the request before it counts for anything."""
        grant, request = execution.grant, execution.request
        if request.max_pages is not None and (call.config.pagination is None or grant.action.handler):
            raise MalformedRequest("`paginate` is for actions that declare pagination; this one does not.")
        if faults := self._schema.faults(grant.action, request.parameters):
            raise InvalidParameters(faults)
        check_scopes(grant.connection.scopes, grant.action.scopes)

    def _perform(self, call: ExecutableCall, execution: "_Execution") -> Awaitable[Outcome]:
        request = execution.request
        # An answer that may have to be repeated is kept, so it is not streamed.
        raw = request.raw and request.idempotency_key is None
        if execution.grant.action.handler is not None:
            handler = self._handlers.get(execution.grant.action.handler)
            return run_handler(call, handler, request.parameters, raw=raw)
        if request.max_pages is not None:
            return run_pages(call, request.parameters, max_pages=request.max_pages)
        return run_request(call, request.parameters, raw=raw)

    def _stream(
        self,
        response: StreamedResponse,
        result: ExecutionResult,
        execution: "_Execution",
        call: ExecutableCall,
    ) -> AuditedStream:
        async def record(size: int, failure: PortwayError | None) -> None:
            described = {**result.data, "size": size} if isinstance(result.data, dict) else result.data
            sent = replace(result, data=described) if failure is None else None
            await self._record(execution, call, sent, failure)

        return AuditedStream(response, record)

    async def _for_the_caller(
        self,
        error: PortwayError,
        principal: Principal,
        request: ExecutionRequest,
        secrets: Iterable[str] = (),
    ) -> PortwayError:
        """Without secrets, and with the way that a person has to go, where going there helps."""
        if isinstance(error, UpstreamError):
            return without_secrets(error, secrets)
        if not isinstance(error, InsufficientScope | ReauthorizationRequired):
            return error
        missing = error.missing if isinstance(error, InsufficientScope) else ()
        try:
            url = await self._oauth.authorize_url(principal, request.connection_id, more_scopes=missing)
        except Exception:  # noqa: BLE001  the error stands as it is, and its audit row is still to be completed
            _log.exception("there is no authorization URL for connection %s", request.connection_id)
            return error
        if isinstance(error, InsufficientScope):
            return InsufficientScope(missing, url)
        return ReauthorizationRequired(error.detail, url)


class _Execution(Record, frozen=True):
    principal: Principal
    request: ExecutionRequest
    before: LoggedParameters
    opened: Opened
    grant: Grant
    started: float
    stopwatch: Stopwatch

    def elapsed_ms(self) -> float:
        return (time.perf_counter() - self.started) * 1000

    def recording(self) -> Recording:
        """What its audit row says of it however it ends."""
        return Recording(
            closing_key=self.grant.closing_key,
            execution_id=self.opened.execution_id,
            executed_at=self.opened.executed_at,
            parameters=self.request.parameters,
            before=self.before,
            action=self.grant.action,
            has_idempotency_key=self.request.idempotency_key is not None,
        )


def _result(
    outcome: Outcome, execution: _Execution, call: ExecutableCall, rate_limit: RateState | None
) -> ExecutionResult:
    return ExecutionResult(
        execution_id=execution.opened.execution_id,
        status_code=outcome.status_code,
        data=outcome.data,
        duration_ms=execution.elapsed_ms(),
        attempts=call.attempts,
        refreshed=call.refreshed,
        raw=outcome.raw,
        pages=outcome.pages,
        truncated=outcome.truncated,
        next_parameters=outcome.next_parameters,
        rate_limit=rate_limit,
    )
