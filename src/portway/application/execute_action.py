"""The main job: open, check, refresh, transform, call, record."""

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from portway.application.error_masking import without_secrets
from portway.application.executable_call import ExecutableCall, HandlerContext
from portway.application.execution_result import ExecutionFailed, ExecutionResult
from portway.application.handlers.registry import HandlerRegistry
from portway.application.idempotent_answer import dump_answer, load_answer
from portway.application.oauth_service import OAuthService
from portway.application.ports.credential_vault import CredentialVault
from portway.application.ports.execution_ledger import Closing, ExecutionLedger, Grant, Opened, Opening
from portway.application.ports.http import HttpClient, UpstreamResponse
from portway.application.ports.schema import ParameterSchema
from portway.application.refresh_service import RefreshService
from portway.application.requests.request_builder import build_request
from portway.application.responses.response_mapping import read_response
from portway.domain.action import MAX_TIMEOUT_MS
from portway.domain.errors import (
    InsufficientScope,
    InvalidParameters,
    MalformedRequest,
    PortwayError,
    ReauthorizationRequired,
    UpstreamError,
)
from portway.domain.execution import ExecutionStatus
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.principal import Principal
from portway.domain.rules.access_control import check_scopes
from portway.domain.rules.execution_logging import loggable
from portway.domain.rules.parameter_transform import transform_parameters

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExecutionRequest:
    """What a caller asks for. `request_hash` is the SHA-256 of the body, for `idempotency_key`."""

    workspace_id: UUID
    connection_id: UUID
    action: str
    parameters: JsonObject
    timeout_ms: int | None = None
    idempotency_key: str | None = None
    request_hash: bytes = b""
    max_pages: int | None = None


class ExecuteAction:
    """Executes actions. Every execution of an authenticated caller has its audit row, durable before the service is
    called and complete before the caller is answered.
    """

    def __init__(
        self,
        *,
        ledger: ExecutionLedger,
        vault: CredentialVault,
        refresh: RefreshService,
        oauth: OAuthService,
        http: HttpClient,
        schema: ParameterSchema,
        handlers: HandlerRegistry,
    ) -> None:
        self._ledger = ledger
        self._vault = vault
        self._refresh = refresh
        self._oauth = oauth
        self._http = http
        self._schema = schema
        self._handlers = handlers

    async def execute(self, principal: Principal, request: ExecutionRequest) -> ExecutionResult:
        """Raises ExecutionFailed once there is an audit row, Unavailable where there can be none."""
        started = time.perf_counter()
        opened = await self._ledger.open(
            Opening(
                sealed_pass=principal.sealed_pass,
                workspace_id=request.workspace_id,
                connection_id=request.connection_id,
                action=request.action,
                request_payload=_payload_before_the_call(request.parameters),
                timeout_ms=request.timeout_ms,
                idempotency_key=request.idempotency_key,
                request_hash=request.request_hash,
            )
        )
        if opened.replay is not None:
            return load_answer(opened.execution_id, opened.replay)
        if opened.grant is None:
            refusal = opened.refusal or PortwayError()
            raise ExecutionFailed(
                opened.execution_id, await self._for_the_caller(refusal, principal, request)
            )
        execution = _Execution(principal, request, opened, opened.grant, started)
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
        call = self._call(execution)
        try:
            response = await self._perform(call, execution)
            data = read_response(response, execution.grant.action)
            result = ExecutionResult(
                execution_id=execution.opened.execution_id,
                status_code=response.status_code,
                data=data,
                duration_ms=execution.elapsed_ms(),
                attempts=call.attempts,
                refreshed=call.refreshed,
                raw=response,
            )
        except PortwayError as error:
            failure = error
        except Exception as error:  # noqa: BLE001  whatever it is, the audit row must be completed
            _log.exception("execution %s failed unexpectedly", execution.opened.execution_id)
            failure = PortwayError("Something in Portway itself failed; the log of the server says more.")
            failure.__cause__ = error
        if failure is not None:
            failure = await self._for_the_caller(
                failure, execution.principal, execution.request, call.secrets
            )
        # A caller who goes away now does not take the audit row along.
        await asyncio.shield(self._ledger.close(_closing(execution, call, result, failure)))
        if result is None:
            raise ExecutionFailed(execution.opened.execution_id, failure or PortwayError()) from failure
        return result

    def _call(self, execution: "_Execution") -> ExecutableCall:
        grant, asked = execution.grant, execution.request.timeout_ms
        timeout_ms = min(asked or MAX_TIMEOUT_MS, grant.action.timeout_ms)
        return ExecutableCall(
            grant=grant,
            http=self._http,
            refresh=self._refresh,
            vault=self._vault,
            sealed_pass=execution.principal.sealed_pass,
            deadline=asyncio.get_running_loop().time() + timeout_ms / 1000,
            credential=grant.credential,
        )

    async def _perform(self, call: ExecutableCall, execution: "_Execution") -> UpstreamResponse:
        grant, request = execution.grant, execution.request
        if request.max_pages is not None:
            raise MalformedRequest("`paginate` is for actions that declare pagination; this one does not.")
        if faults := self._schema.faults(grant.action, request.parameters):
            raise InvalidParameters(faults)
        check_scopes(grant.connection.scopes, grant.action.scopes)
        parameters = transform_parameters(request.parameters, grant.action.transform_config)
        if grant.action.handler is not None:
            handler = self._handlers.get(grant.action.handler)
            await call.prepare()
            return await handler(HandlerContext(call), parameters)
        outgoing = build_request(grant.integration, grant.action, parameters, grant.connection.config)
        await call.prepare()
        return await call.send(outgoing)

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


@dataclass(frozen=True, slots=True)
class _Execution:
    principal: Principal
    request: ExecutionRequest
    opened: Opened
    grant: Grant
    started: float

    def elapsed_ms(self) -> float:
        return (time.perf_counter() - self.started) * 1000


def _payload_before_the_call(parameters: JsonObject) -> JsonValue:
    """What the row says until the execution is over. Where the schema is not known yet, nor is what of a long text
    may be shown, so of one that must be cut it says the size alone.
    """
    payload, was_cut = _logged(dict(parameters))
    return {**payload, "truncated": ""} if was_cut and isinstance(payload, dict) else payload


def _logged(
    payload: JsonValue, *, schema: JsonValue = None, secrets: Iterable[str] = ()
) -> tuple[JsonValue, bool]:
    """The payload as the log may have it, and whether it was cut."""
    try:
        return loggable(payload, schema=schema, secrets=secrets)
    except RecursionError:
        return {"truncated": "", "reason": "It is nested too deeply."}, True


def _closing(
    execution: _Execution, call: ExecutableCall, result: ExecutionResult | None, failure: PortwayError | None
) -> Closing:
    request_payload, request_cut = _logged(
        dict(execution.request.parameters),
        schema=dict(execution.grant.action.request_schema),
        secrets=call.secrets,
    )
    answer = result.data if result else failure.body if isinstance(failure, UpstreamError) else None
    response_payload, response_cut = _logged(answer, secrets=call.secrets)
    upstream_status = failure.status_code if isinstance(failure, UpstreamError) else None
    repeatable = result or (failure if _is_repeatable(call, failure) else None)
    has_key = execution.request.idempotency_key is not None
    return Closing(
        sealed_pass=execution.principal.sealed_pass,
        execution_id=execution.opened.execution_id,
        executed_at=execution.opened.executed_at,
        status=_status(result, attempted=call.attempts > 0),
        request_payload=request_payload,
        response_payload=response_payload,
        payload_truncated=request_cut or response_cut,
        error_code=failure.code if failure else None,
        status_code=result.status_code if result else upstream_status,
        duration_ms=execution.elapsed_ms(),
        attempts=call.attempts,
        idempotent_answer=dump_answer(repeatable) if repeatable and has_key else None,
        frees_idempotency_key=has_key and repeatable is None,
    )


def _is_repeatable(call: ExecutableCall, failure: PortwayError | None) -> bool:
    """Whether the failure answers the idempotency key for good: the service has spoken, or may have acted."""
    return isinstance(failure, UpstreamError) or call.may_have_acted


def _status(result: ExecutionResult | None, *, attempted: bool) -> ExecutionStatus:
    if result is not None:
        return ExecutionStatus.SUCCESS
    return ExecutionStatus.ERROR if attempted else ExecutionStatus.REFUSED
