"""From what came of an execution to the answer."""

import asyncio
import base64
import contextlib
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.types import Receive, Send

from portway.api.problems import MEDIA_TYPE, Problem
from portway.api.rate_limit_headers import rate_limit_headers
from portway.application.execution_result import ExecutionResult, RawAnswer
from portway.application.responses.response_mapping import filename_of
from portway.domain.errors import PortwayError
from portway.domain.record import Record

_JSON = b"application/json"
_BYTES = b"application/octet-stream"
# What a service answered must never be run or shown as a page of ours.
_UNTRUSTED = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"),
    (b"x-content-type-options", b"nosniff"),
]

_Field = tuple[bytes, bytes]

_log = logging.getLogger(__name__)


class Answer(Record, frozen=True):
    """An answer, ready to be sent: `body`, and after it `rest`, which is still to come."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    rest: RawAnswer | None = None


def json_answer(result: ExecutionResult) -> Answer:
    """The result as JSON."""
    body = msgspec.json.encode(
        {
            "execution_id": result.execution_id,
            "status": "success",
            "status_code": result.status_code,
            "data": result.data,
            "duration_ms": round(result.duration_ms, 1),
            "meta": _meta(result),
        }
    )
    return Answer(200, [(b"content-type", _JSON), _length(len(body)), *_rate_limit(result)], body)


async def bytes_answer(result: ExecutionResult) -> Answer:
    """The service's bytes: as they come, or as they were received, or, for a repeated answer, made of what was kept.

    Raises PortwayError where the service breaks off before the first of them.
    """
    stream = result.stream
    if stream is not None:
        # Whatever fails before there is a byte can still be told properly.
        try:
            first = await anext(stream, None)
        except BaseException:
            await stream.aclose()
            raise
        length = stream.content_length if first is not None else 0
        headers = _bytes_headers(result, _content_type(stream.content_type), stream.filename)
        if length is not None:
            headers.append(_length(length))
        return Answer(200, headers, first or b"", None if first is None else stream)
    content_type, filename, body = _whole(result)
    return Answer(200, [*_bytes_headers(result, content_type, filename), _length(len(body))], body)


def problem_answer(problem: Problem) -> Answer:
    """An error."""
    body = problem.encoded()
    headers = [(b"content-type", MEDIA_TYPE.encode()), _length(len(body))]
    return Answer(problem.status, headers + _encoded(problem.headers), body)


async def send_answer(answer: Answer, receive: Receive, send: Send) -> None:
    """Sends it all. Where the rest does not come, the answer stays incomplete: the server closes the connection, and
    nobody takes it for complete. Where the caller goes away, nothing more is fetched.
    """
    try:
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if answer.rest is None:
            await send({"type": "http.response.body", "body": answer.body})
        else:
            await _send_while_wanted(answer.body, answer.rest, receive, send)
    finally:
        if answer.rest is not None:
            await answer.rest.aclose()


async def _send_while_wanted(first: bytes, rest: RawAnswer, receive: Receive, send: Send) -> None:
    sending = asyncio.create_task(_send_pieces(first, rest, send))
    leaving = asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        sending.cancel()
        leaving.cancel()
        await asyncio.wait({sending, leaving})
    with contextlib.suppress(asyncio.CancelledError):
        sending.result()


async def _send_pieces(first: bytes, rest: RawAnswer, send: Send) -> None:
    await send({"type": "http.response.body", "body": first, "more_body": True})
    try:
        async for piece in rest:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            # Neither a fast service nor a server whose client has left would ever make us wait.
            await asyncio.sleep(0)
    except PortwayError as error:
        _log.warning("a service broke off in the middle of an answer: %s", error.code)
        return
    await send({"type": "http.response.body", "body": b""})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _meta(result: ExecutionResult) -> dict[str, Any]:
    limit = result.rate_limit
    meta: dict[str, Any] = {
        "attempts": result.attempts,
        "refreshed": result.refreshed,
        "pages": result.pages,
        "truncated": result.truncated,
        "rate_limit": {}
        if limit is None
        else {
            "limit": limit.limit,
            "remaining": limit.remaining,
            "reset_seconds": round(limit.reset_seconds, 1),
        },
    }
    if result.next_parameters is not None:
        meta["next"] = result.next_parameters
    return meta


def _whole(result: ExecutionResult) -> tuple[bytes, str | None, bytes]:
    """Content type, file name and bytes."""
    if result.raw is not None:
        content_type = _content_type(result.raw.headers.get("content-type", ""))
        return content_type, filename_of(result.raw.headers), result.raw.body
    match result.data:
        case {"content_type": str(kind), "filename": filename, "size": int(), "base64": str(encoded)}:
            return _content_type(kind), str(filename) if filename else None, base64.b64decode(encoded)
        case str(text):
            return b"text/plain; charset=utf-8", None, text.encode()
        case None:
            return _BYTES, None, b""
    return _JSON, None, msgspec.json.encode(result.data)


def _bytes_headers(result: ExecutionResult, content_type: bytes, filename: str | None) -> list[_Field]:
    return [
        (b"content-type", content_type),
        (b"content-disposition", _attachment(filename)),
        (b"x-execution-id", str(result.execution_id).encode()),
        *_UNTRUSTED,
        *_rate_limit(result),
    ]


def _content_type(value: str) -> bytes:
    """The service's own, where it is one that HTTP can carry."""
    return value.encode() if value.isascii() and value.isprintable() and value else _BYTES


def _attachment(filename: str | None) -> bytes:
    """A Content-Disposition (RFC 6266) that keeps browsers from showing what a service answered."""
    if not filename:
        return b"attachment"
    encoded = filename.encode("utf-8", "replace")
    plain = "".join(
        char if char.isascii() and char.isprintable() and char not in '"\\%' else "_" for char in filename
    )
    extended = "" if plain == filename else f"; filename*=UTF-8''{quote(encoded, safe='')}"
    return f'attachment; filename="{plain}"{extended}'.encode("ascii")


def _length(length: int) -> _Field:
    return b"content-length", b"%d" % length


def _rate_limit(result: ExecutionResult) -> list[_Field]:
    return [] if result.rate_limit is None else _encoded(rate_limit_headers(result.rate_limit))


def _encoded(headers: Mapping[str, str]) -> list[_Field]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
