"""The main job: open, check, refresh, transform, call, record."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from portway.application.credential_placement import secrets_of
from portway.application.executable_call import ExecutableCall
from portway.application.execution_result import ExecutionFailed, ExecutionResult
from portway.application.handlers.registry import HandlerRegistry
from portway.application.idempotent_answer import dump_answer, load_answer
from portway.application.oauth_service import OAuthService
from portway.application.ports.credential_vault import CredentialVault
from portway.application.ports.execution_ledger import Closing, ExecutionLedger, Grant, Opened, Opening
from portway.application.ports.http import HttpClient, UpstreamResponse
from portway.application.ports.schema import ParameterSchema
from portway.application.refresh_service import RefreshService
from portway.application.request_builder import build_request
from portway.application.response_mapping import read_response
from portway.domain.action import MAX_TIMEOUT_MS
from portway.domain.credential import Credential
from portway.domain.errors import (
    EgressBlocked,
    InsufficientScope,
    InvalidParameters,
    MalformedRequest,
    PortwayError,
    ReauthorizationRequired,
    UpstreamError,
    UpstreamFailure,
    UpstreamUnreachable,
)
from portway.domain.execution import ExecutionStatus
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.principal import Principal
from portway.domain.rules.access_control import check_scopes
from portway.domain.rules.execution_logging import cut, mask_literals, redact
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
                request_payload=cut(redact(dict(request.parameters)))[0],
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
                opened.execution_id, await self._with_authorize_url(principal, request, refusal)
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
            data = read_response(response, call.action)
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
            failure = _without_secrets(error, call.credential)
        except Exception as error:  # noqa: BLE001  whatever it is, the audit row must be completed
            _log.exception("execution %s failed unexpectedly", execution.opened.execution_id)
            failure = PortwayError("Something in Portway itself failed; the log of the server says more.")
            failure.__cause__ = error
        if failure is not None:
            failure = await self._with_authorize_url(execution.principal, execution.request, failure)
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
            return await handler(call, parameters)
        outgoing = build_request(grant.integration, grant.action, parameters, grant.connection.config)
        await call.prepare()
        return await call.send(outgoing)

    async def _with_authorize_url(
        self, principal: Principal, request: ExecutionRequest, error: PortwayError
    ) -> PortwayError:
        """Tells a person where to go, where going there helps."""
        try:
            if isinstance(error, InsufficientScope):
                return InsufficientScope(
                    error.missing,
                    await self._oauth.authorize_url(
                        principal, request.connection_id, more_scopes=error.missing
                    ),
                )
            if isinstance(error, ReauthorizationRequired):
                return ReauthorizationRequired(
                    error.detail, await self._oauth.authorize_url(principal, request.connection_id)
                )
        except PortwayError as why:
            _log.info("no authorization URL for connection %s: %s", request.connection_id, why)
        return error


@dataclass(frozen=True, slots=True)
class _Execution:
    principal: Principal
    request: ExecutionRequest
    opened: Opened
    grant: Grant
    started: float

    def elapsed_ms(self) -> float:
        return (time.perf_counter() - self.started) * 1000


def _without_secrets(error: PortwayError, credential: Credential | None) -> PortwayError:
    """A service's error must not hand the credential back to the caller."""
    if not isinstance(error, UpstreamError):
        return error
    secrets = secrets_of(credential)
    headers: Mapping[str, str] = {
        name: str(mask_literals(value, secrets)) for name, value in error.headers.items()
    }
    return UpstreamError(
        error.status_code,
        mask_literals(error.body, secrets),
        headers,
        str(mask_literals(error.detail, secrets)),
    )


def _closing(
    execution: _Execution, call: ExecutableCall, result: ExecutionResult | None, failure: PortwayError | None
) -> Closing:
    secrets = [*secrets_of(execution.grant.credential), *secrets_of(call.credential)]
    schema: JsonValue = dict(execution.grant.action.request_schema)
    request_payload, request_cut = cut(
        redact(dict(execution.request.parameters), schema=schema, secrets=secrets)
    )
    answer = result.data if result else failure.body if isinstance(failure, UpstreamError) else None
    response_payload, response_cut = cut(redact(answer, secrets=secrets))
    upstream_status = failure.status_code if isinstance(failure, UpstreamError) else None
    was_called = _was_called(call, failure)
    repeatable = result or (failure if was_called and isinstance(failure, UpstreamFailure) else None)
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
        idempotent_answer=dump_answer(repeatable)
        if repeatable and execution.request.idempotency_key
        else None,
        frees_idempotency_key=repeatable is None and execution.request.idempotency_key is not None,
    )


def _was_called(call: ExecutableCall, failure: PortwayError | None) -> bool:
    """Whether the service may have acted: with these two errors, the last attempt was not sent."""
    not_sent = isinstance(failure, UpstreamUnreachable | EgressBlocked)
    return call.attempts > (1 if not_sent else 0)


def _status(result: ExecutionResult | None, *, attempted: bool) -> ExecutionStatus:
    if result is not None:
        return ExecutionStatus.SUCCESS
    return ExecutionStatus.ERROR if attempted else ExecutionStatus.REFUSED
