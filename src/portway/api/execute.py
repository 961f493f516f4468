"""`POST /api/v2/execute`: a raw ASGI application, for this is the hot path."""

import time
from collections.abc import Mapping

from starlette.types import Receive, Scope, Send

from portway.api.execute_document import PATH_ITEM, SCHEMAS
from portway.api.execution_answer import Answer, bytes_answer, json_answer, problem_answer, send_answer
from portway.api.execution_request import HEADERS, is_upload, read_request
from portway.api.identity import bearer_of_caller
from portway.api.openapi import RawRoute
from portway.api.problems import Problem, http_problem, internal_error, log_fault, problem_of
from portway.api.request_id import request_id_of
from portway.api.server_timing import STOPWATCH, server_timing
from portway.api.spool import Spool
from portway.application.authenticator import Authenticator
from portway.application.execute_action import ExecuteAction, ExecutionRequest
from portway.application.execution_result import ExecutionFailed, ExecutionResult
from portway.application.stopwatch import Stopwatch
from portway.domain.errors import Forbidden, PortwayError
from portway.domain.principal import Principal
from portway.domain.principal import Scope as KeyScope

PATH = "/api/v2/execute"
# A preference (RFC 7240) of our own.
_TIMING = b"server-timing"

_READ = HEADERS | {b"prefer"}


class ExecuteEndpoint:
    """Bytes in, bytes out; every answer to an authenticated caller names its execution."""

    def __init__(self, authenticator: Authenticator, execute: ExecuteAction, *, public_url: str) -> None:
        self._authenticator = authenticator
        self._execute = execute
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        stopwatch = scope[STOPWATCH] = Stopwatch()
        fields = {name: value for name, value in scope["headers"] if name in _READ}
        spools: list[Spool] = []
        try:
            try:
                answer = await self._answer(scope, fields, receive, spools)
            except Exception as error:  # noqa: BLE001  the caller gets an answer, the log gets the reason
                log_fault(scope, error)
                answer = problem_answer(internal_error(request_id_of(scope)))
            if b"prefer" in fields and _wants_timing(fields[b"prefer"]):
                answer.headers.append(server_timing(stopwatch, time.perf_counter() - began))
            await send_answer(answer, receive, send)
        finally:
            # An upload is needed until the last byte of the answer, which may come while it is still being sent on.
            for spool in spools:
                spool.close()

    async def _answer(
        self, scope: Scope, fields: Mapping[bytes, bytes], receive: Receive, spools: list[Spool]
    ) -> Answer:
        if scope["method"] != "POST":
            return problem_answer(http_problem(405, {"Allow": "POST"}))
        try:
            bearer = bearer_of_caller(scope, self._public_url)
            principal = await self._authenticator.authenticate(bearer)
        except PortwayError as error:
            return problem_answer(problem_of(error))
        try:
            request = await _asked(principal, fields, receive, spools)
            if spools:
                # It may have taken longer than a pass lasts.
                principal = await self._authenticator.authenticate(bearer)
            if isinstance(request, PortwayError):
                raise await self._execute.refuse(principal, request) from request
            result = await self._execute.execute(principal, request, scope[STOPWATCH])
            return await _success(result) if request.raw else json_answer(result)
        except ExecutionFailed as failure:
            return self._failure(failure, bearer, scope)
        except PortwayError as error:
            return problem_answer(problem_of(error))

    def _failure(self, failure: ExecutionFailed, bearer: str, scope: Scope) -> Answer:
        problem: Problem = problem_of(failure.error, execution_id=failure.execution_id)
        if problem.status == 500:
            problem = internal_error(request_id_of(scope))
            problem.body["execution_id"] = str(failure.execution_id)
        if problem.status == 401:
            # Its session or key was revoked since it was last looked up.
            self._authenticator.forget(bearer)
        return problem_answer(problem)


async def _asked(
    principal: Principal, fields: Mapping[bytes, bytes], receive: Receive, spools: list[Spool]
) -> ExecutionRequest | PortwayError:
    try:
        if KeyScope.EXECUTE not in principal.scopes and is_upload(fields):
            # The database refuses the same, but only once the files have filled the disk.
            raise Forbidden("This API key does not have the scope `execute`.")
        return await read_request(fields, receive, spools)
    except PortwayError as refusal:
        return refusal


async def _success(result: ExecutionResult) -> Answer:
    try:
        return await bytes_answer(result)
    except PortwayError as error:
        raise ExecutionFailed(result.execution_id, error) from error


def _wants_timing(preferences: bytes) -> bool:
    return _TIMING in map(bytes.strip, preferences.lower().split(b","))


def execute_route(
    authenticator: Authenticator, execute: ExecuteAction, *, public_url: str, max_upload_bytes: int
) -> RawRoute:
    """The route, with its part of the OpenAPI document. Files up to `max_upload_bytes` can be uploaded there."""
    return RawRoute(
        ExecuteEndpoint(authenticator, execute, public_url=public_url),
        PATH_ITEM,
        SCHEMAS,
        max_upload_bytes=max_upload_bytes,
    )
