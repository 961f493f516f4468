"""Files and bytes at the execute endpoint, over a real server; what is executed is recorded in place of a gateway."""

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from portway.api.body_limit import BodyLimitMiddleware
from portway.api.execute import PATH, execute_route
from portway.api.frame import Frame
from portway.api.metrics import RequestMetrics
from portway.application.authenticator import Authenticator
from portway.application.execute_action import ExecuteAction, ExecutionRequest
from portway.application.execution_result import ExecutionFailed, ExecutionResult
from portway.application.ports.http import UpstreamResponse
from portway.application.requests.files import UploadedFile
from portway.application.stopwatch import Stopwatch
from portway.domain.errors import PortwayError, Unavailable, UpstreamInvalidResponse
from portway.domain.principal import Principal, Scope
from portway.domain.rate_limit import RateState
from tests.serving import Answer, ApiClient, api_client

MAX_UPLOAD = 60_000_000
BLOCK = bytes(range(256)) * 256
REQUEST = {"workspace_id": str(uuid4()), "connection_id": str(uuid4()), "action": "send", "parameters": {}}
EXECUTION_ID = UUID(int=7)
BYTES = {"Accept": "application/octet-stream"}


class ScriptedAuthenticator:
    """Knows everybody with a bearer. Each pass is good for one look, and its number."""

    def __init__(self) -> None:
        self._looks = 0

    async def authenticate(self, bearer: str) -> Principal:
        self._looks += 1
        scopes = {Scope.LOGS_READ} if bearer == "reader" else set(Scope)
        return Principal(
            uuid4(), uuid4(), frozenset(scopes), None, str(self._looks), datetime(2100, 1, 1, tzinfo=UTC)
        )

    def forget(self, bearer: str) -> None:
        pass


@dataclass
class RecordingExecutor:
    """Stands in for `ExecuteAction`; reads every file, as whoever sends it on would."""

    outcome: ExecutionResult | PortwayError = field(default_factory=lambda: result({"ok": True}))
    requests: list[ExecutionRequest] = field(default_factory=list)
    digests: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    refusals: list[PortwayError] = field(default_factory=list)
    passes: list[str] = field(default_factory=list)

    async def execute(
        self, principal: Principal, request: ExecutionRequest, stopwatch: Stopwatch
    ) -> ExecutionResult:
        self.requests.append(request)
        self.passes.append(principal.sealed_pass)
        for value in request.parameters.values():
            if isinstance(value, UploadedFile):
                seen = hashlib.sha256()
                async for chunk in value.content.chunks():
                    seen.update(chunk)
                self.digests.append((dict(value), seen.hexdigest()))
        if isinstance(self.outcome, PortwayError):
            raise ExecutionFailed(EXECUTION_ID, self.outcome)
        return self.outcome

    async def refuse(self, principal: Principal, refusal: PortwayError) -> ExecutionFailed:
        self.passes.append(principal.sealed_pass)
        self.refusals.append(refusal)
        return ExecutionFailed(EXECUTION_ID, refusal)


class Pieces:
    """A `RawAnswer`: so many blocks, then the error if there is one."""

    def __init__(
        self,
        number: int,
        *,
        error: PortwayError | None = None,
        length: int | None = None,
        filename: str | None = None,
        content_type: str = "text/html",
        gate: asyncio.Event | None = None,
    ) -> None:
        self.content_type = content_type
        self.content_length = length
        self.filename = filename
        self.handed_out = 0
        self.closed = asyncio.Event()
        self._number = number
        self._error = error
        self._gate = gate

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self.handed_out == self._number:
            if self._gate is not None:
                await self._gate.wait()
            raise self._error or StopAsyncIteration
        self.handed_out += 1
        return BLOCK

    async def aclose(self) -> None:
        self.closed.set()


def result(data: Any = None, **members: Any) -> ExecutionResult:
    return ExecutionResult(
        execution_id=EXECUTION_ID,
        status_code=200,
        data=data,
        duration_ms=1.26,
        attempts=1,
        refreshed=False,
        **members,
    )


@dataclass(frozen=True)
class Endpoint:
    """The endpoint, who calls it, and what it executes."""

    api: ApiClient
    executor: RecordingExecutor

    async def upload(
        self, *parts: tuple[str, Any], request: object = REQUEST, headers: Mapping[str, str] | None = None
    ) -> Answer:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("request", json.dumps(request), content_type="application/json")
        for name, content in parts:
            value = io.BytesIO(content) if isinstance(content, bytes) else content
            form.add_field(name, value, filename="Zoë.bin", content_type="image/png")
        payload = form()
        sent = {**payload.headers, **(headers or {})}
        return await self.api.post(PATH, data=cast("Any", payload), headers=sent)

    async def fetch(self, outcome: ExecutionResult | PortwayError, accept: bool = True) -> Answer:
        self.executor.outcome = outcome
        return await self.api.post(PATH, REQUEST, headers=BYTES if accept else {})


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    executor = RecordingExecutor()
    async with _serving(executor) as api:
        yield Endpoint(api, executor)


@asynccontextmanager
async def _serving(executor: RecordingExecutor) -> AsyncIterator[ApiClient]:
    route = execute_route(
        cast("Authenticator", ScriptedAuthenticator()),
        cast("ExecuteAction", executor),
        public_url="http://127.0.0.1:8000",
        max_upload_bytes=MAX_UPLOAD,
    )

    async def app(scope: AsgiScope, receive: Receive, send: Send) -> None:
        await route.app(scope, receive, send)

    limited: ASGIApp = BodyLimitMiddleware(app, max_upload_bytes={PATH: route.max_upload_bytes})
    async with api_client(
        Frame(limited, RequestMetrics(CollectorRegistry(), frozenset()), https=False)
    ) as api:
        yield api.signed_in("someone")


async def blocks(number: int) -> AsyncIterator[bytes]:
    for _ in range(number):
        yield BLOCK


async def test_files_are_parameters(endpoint: Endpoint) -> None:
    large = BLOCK * 600  # more than a request without files may have
    answer = await endpoint.upload(
        ("content", large), ("/nested/0/file", b"small"), request=REQUEST | {"parameters": {"nested": [{}]}}
    )
    assert answer.status == 200
    (request,) = endpoint.executor.requests
    small = request.parameters["nested"][0]["file"]  # type: ignore[index,call-overload]
    assert small == {"filename": "Zoë.bin", "content_type": "image/png", "size": 5}
    assert endpoint.executor.digests == [
        (
            {"filename": "Zoë.bin", "content_type": "image/png", "size": len(large)},
            hashlib.sha256(large).hexdigest(),
        )
    ]
    assert (request.raw, request.request_hash) == (False, b"")


async def test_an_idempotency_key_covers_the_files(endpoint: Endpoint) -> None:
    for content in (b"a", b"a", b"b"):
        await endpoint.upload(("content", content), headers={"Idempotency-Key": "k"})
    first, second, third = (request.request_hash for request in endpoint.executor.requests)
    assert len(first) == 32
    assert first == second != third


async def test_what_the_json_says_wrong_is_told_as_without_files(endpoint: Endpoint) -> None:
    answer = await endpoint.upload(("content", b"x"), request={"action": 1})
    assert (answer.status, answer.code) == (400, "malformed_request")
    assert answer.json["execution_id"] == str(EXECUTION_ID)
    answer = await endpoint.upload(("/no/place", b"x"))
    assert answer.json["errors"] == [
        {
            "pointer": "/parameters/no/place",
            "message": "a file is to be here, but there is no such place in `parameters`.",
        }
    ]
    assert [type(refusal).__name__ for refusal in endpoint.executor.refusals] == ["MalformedRequest"] * 2


@pytest.mark.parametrize("with_length", [True, False])
async def test_an_upload_has_a_limit_of_its_own(endpoint: Endpoint, with_length: bool) -> None:
    answer = await endpoint.upload(("content", BLOCK * 1000 if with_length else blocks(1000)))
    assert (answer.status, answer.code) == (413, "payload_too_large")
    assert len(endpoint.executor.refusals) == 1
    assert endpoint.executor.requests == []


async def test_no_other_type_may_be_as_large(endpoint: Endpoint) -> None:
    answer = await endpoint.api.post(
        PATH, data=cast("Any", io.BytesIO(b" " * 26_300_000)), headers={"Content-Type": "application/json"}
    )
    assert (answer.status, answer.code) == (413, "payload_too_large")


async def test_an_upload_may_take_longer_than_a_pass_lasts(endpoint: Endpoint) -> None:
    await endpoint.upload(("content", b"x"))
    await endpoint.upload(("/no/place", b"x"))
    await endpoint.api.post(PATH, REQUEST)
    assert endpoint.executor.passes == ["2", "4", "5"]


async def test_nobody_uploads_without_a_bearer(endpoint: Endpoint) -> None:
    stranger = Endpoint(ApiClient(endpoint.api.session, endpoint.api.base_url), endpoint.executor)
    assert (await stranger.upload(("content", b"x"))).status == 401
    assert endpoint.executor.refusals == []


async def begin_upload(endpoint: Endpoint, bearer: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """One whose end does not come."""
    host, port = endpoint.api.base_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {bearer}\r\nContent-Length: 9999999\r\n"
        "Content-Type: multipart/form-data; boundary=B\r\n\r\n"
        '--B\r\nContent-Disposition: form-data; name="request"\r\n\r\n{}\r\n'.encode()
    )
    await writer.drain()
    return reader, writer


async def test_a_key_that_may_not_execute_uploads_nothing(endpoint: Endpoint) -> None:
    reader, writer = await begin_upload(endpoint, "reader")
    assert b" 403 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    (refusal,) = endpoint.executor.refusals
    assert (refusal.code, endpoint.executor.requests) == ("forbidden", [])


async def test_a_client_that_goes_away_while_it_uploads(endpoint: Endpoint) -> None:
    _, writer = await begin_upload(endpoint, "someone")
    await asyncio.sleep(0.1)
    writer.close()
    await _until(lambda: bool(endpoint.executor.refusals))
    assert "closed before the whole request" in str(endpoint.executor.refusals[0])


async def test_a_stream_of_known_length(endpoint: Endpoint) -> None:
    stream = Pieces(30, length=30 * len(BLOCK), filename='Grüße "1".html')
    answer = await endpoint.fetch(result(stream=stream))
    assert (answer.status, answer.content) == (200, BLOCK * 30)
    headers = answer.headers
    assert headers["Content-Length"] == str(30 * len(BLOCK))
    assert headers["X-Execution-Id"] == str(EXECUTION_ID)
    assert headers["Content-Type"] == "text/html"
    assert headers["Content-Disposition"] == (
        "attachment; filename=\"Gr__e _1_.html\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22.html"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert endpoint.executor.requests[0].raw
    await asyncio.wait_for(stream.closed.wait(), 5)


async def test_a_stream_of_unknown_length(endpoint: Endpoint) -> None:
    answer = await endpoint.fetch(result(stream=Pieces(30)))
    assert answer.content == BLOCK * 30
    assert "Content-Length" not in answer.headers
    assert answer.headers["Content-Disposition"] == "attachment"


async def test_an_empty_stream(endpoint: Endpoint) -> None:
    """As after HEAD, where the length is that of what would have come."""
    answer = await endpoint.fetch(result(stream=Pieces(0, length=1000)))
    assert (answer.status, answer.content, answer.headers["Content-Length"]) == (200, b"", "0")


async def test_a_stream_that_breaks_off_before_its_first_byte(endpoint: Endpoint) -> None:
    answer = await endpoint.fetch(result(stream=Pieces(0, error=UpstreamInvalidResponse("broke off"))))
    assert (answer.status, answer.code) == (502, "upstream_invalid_response")
    assert answer.json["execution_id"] == str(EXECUTION_ID)


@pytest.mark.parametrize("length", [None, 40 * len(BLOCK)])
async def test_a_stream_that_breaks_off_is_not_taken_for_complete(
    endpoint: Endpoint, length: int | None
) -> None:
    stream = Pieces(30, error=UpstreamInvalidResponse("broke off"), length=length)
    with pytest.raises(aiohttp.ClientPayloadError):
        await endpoint.fetch(result(stream=stream))
    await asyncio.wait_for(stream.closed.wait(), 5)


@pytest.mark.parametrize("is_waiting", [True, False])
async def test_a_client_that_goes_away_ends_the_stream(endpoint: Endpoint, is_waiting: bool) -> None:
    stream = Pieces(2 if is_waiting else 1_000_000, gate=asyncio.Event())
    endpoint.executor.outcome = result(stream=stream)
    response = await endpoint.api.session.post(
        endpoint.api.base_url + PATH, json=REQUEST, headers={"Authorization": "Bearer someone"} | BYTES
    )
    assert await response.content.readexactly(1000) == BLOCK[:1000]
    response.close()
    await asyncio.wait_for(stream.closed.wait(), 5)
    assert stream.handed_out < 1000


@pytest.mark.parametrize(
    ("outcome", "content_type", "content"),
    [
        (
            result(raw=UpstreamResponse(200, {"content-type": "image/png"}, b"\x89PNG")),
            "image/png",
            b"\x89PNG",
        ),
        (
            result({"content_type": "image/png", "filename": "a.png", "size": 4, "base64": "iVBORw=="}),
            "image/png",
            b"\x89PNG",
        ),
        (result("text"), "text/plain; charset=utf-8", b"text"),
        (result(None), "application/octet-stream", b""),
        (result({"a": [1]}), "application/json", b'{"a":[1]}'),
    ],
)
async def test_bytes_of_what_was_kept(
    endpoint: Endpoint, outcome: ExecutionResult, content_type: str, content: bytes
) -> None:
    answer = await endpoint.fetch(outcome)
    assert (answer.headers["Content-Type"], answer.content) == (content_type, content)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_meta_and_rate_limit(endpoint: Endpoint) -> None:
    plain = await endpoint.fetch(result({}), accept=False)
    assert plain.json["meta"] == {
        "attempts": 1, "refreshed": False, "pages": 1, "truncated": False, "rate_limit": {}
    }  # fmt: skip
    limited = result(
        [], pages=3, truncated=True, next_parameters={"cursor": "c"}, rate_limit=RateState(10, 9, 1.24)
    )
    answer = await endpoint.fetch(limited, accept=False)
    assert answer.json["meta"] == {
        "attempts": 1,
        "refreshed": False,
        "pages": 3,
        "truncated": True,
        "next": {"cursor": "c"},
        "rate_limit": {"limit": 10, "remaining": 9, "reset_seconds": 1.2},
    }
    assert answer.headers["RateLimit-Remaining"] == "9"
    assert (await endpoint.fetch(limited)).headers["RateLimit-Limit"] == "10"


async def test_the_steps_that_were_done(endpoint: Endpoint) -> None:
    error = Unavailable()
    error.failed_step, error.steps_done = "send it", ("create it", "fill it")
    answer = await endpoint.fetch(error)
    assert answer.json["steps"] == {"done": ["create it", "fill it"], "failed": "send it"}


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(250):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came true")
