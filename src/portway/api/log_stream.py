"""The audit log as server-sent events (HTML standard, section 9.2): executions as they start and end."""

import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Header, Query, Response
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from portway.api.identity import CurrentBearer
from portway.api.log_wire import StreamQuery
from portway.api.logs import LogReader
from portway.api.open_streams import OpenStreams
from portway.api.pagination import decode_cursor, encode_cursor
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices, Services
from portway.application.log_follower import Changes, LogFollower
from portway.domain.errors import Fault, MalformedRequest, Unauthenticated, Unavailable

HEARTBEAT_SECONDS = 15.0
"""Proxies cut off what says nothing for a minute."""

_PAUSE_SECONDS = 1.0
# Where nothing has happened for a while, a second later is early enough.
_QUIET_PAUSE_SECONDS = 2.0
_QUIET_AFTER_SECONDS = 60.0
_RECONNECT = b"retry: 2000\n\n"
# Whoever comes back after a quiet time goes on from here, not from the last execution.
_HEARTBEAT = b"id: %b\n: still here\n\n"


router = new_router("/logs", "Logs")


class _EventStream(StreamingResponse):
    """Leaves its place when it is over, however that came."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncIterator[bytes], streams: OpenStreams, user_id: UUID) -> None:
        # nginx would hold events back until it has a page of them.
        super().__init__(content, headers={"X-Accel-Buffering": "no"})
        self._streams = streams
        self._user_id = user_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._streams.enter(self._user_id)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave(self._user_id)


@router.get(
    "/stream",
    response_class=Response,
    responses=problem_responses(403, 429, 503)
    | {
        200: {
            "description": "Events `execution` with an execution as `data`, as lists have it; `gap` where some were"
            " left out, and a list must be read anew; `end` before the stream ends, with its `reason`",
            "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/LogOutput"}}},
        }
    },
)
async def stream_logs(
    bearer: CurrentBearer,
    principal: LogReader,
    services: CurrentServices,
    asked: Annotated[StreamQuery, Query()],
    last_event_id: Annotated[str | None, Header(max_length=500)] = None,
) -> Response:
    """Tells of executions in your workspaces when they start and when they have ended, from now on.

    After `Last-Event-ID` it goes on where it was, and some may come again. The stream ends with the session or key.
    """
    follower = LogFollower(asked.criteria(), payloads=asked.payloads, since=_position(last_event_id))
    # What can be refused is refused before the answer has begun.
    async with services.reading(principal.sealed_pass) as work:
        first = await follower.look(work.logs)
    return _EventStream(_events(services, bearer, follower, first), services.streams, principal.user_id)


async def _events(
    services: Services, bearer: str, follower: LogFollower, changes: Changes
) -> AsyncIterator[bytes]:
    yield _RECONNECT
    told = changed = time.monotonic()
    while True:
        now = time.monotonic()
        if events := b"".join(_written(changes, follower)):
            told = changed = now
            yield events
        elif now - told >= HEARTBEAT_SECONDS:
            told = now
            yield _HEARTBEAT % _cursor(follower)
        is_quiet = now - changed > _QUIET_AFTER_SECONDS and not follower.waits
        await services.streams.pause(_QUIET_PAUSE_SECONDS if is_quiet else _PAUSE_SECONDS)
        if services.streams.ended:
            yield _event("end", {"reason": "shutdown"})
            return
        try:
            changes = await _look(services, bearer, follower)
        except Unauthenticated as error:
            yield _event("end", {"reason": error.code})
            return


async def _look(services: Services, bearer: str, follower: LogFollower) -> Changes:
    """The caller is authenticated each time: a stream outlives a pass, but no revocation."""
    try:
        principal = await services.authenticator.authenticate(bearer)
        async with services.reading(principal.sealed_pass) as work:
            return await follower.look(work.logs)
    except Unavailable:
        return Changes((), gap=False)  # The database is away, or busy; it will be back.


def _written(changes: Changes, follower: LogFollower) -> Iterator[bytes]:
    if changes.gap:
        yield _event("gap", {})
    if changes.executions:
        position = _cursor(follower)
        for execution in changes.executions:
            yield _event("execution", execution, position)


def _cursor(follower: LogFollower) -> bytes:
    return encode_cursor(follower.position.isoformat()).encode()


def _event(name: str, data: object, position: bytes | None = None) -> bytes:
    # JSON has no line break of its own, so that one line is enough.
    written = b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))
    return b"id: %b\n%b" % (position, written) if position else written


def _position(last_event_id: str | None) -> datetime | None:
    if not last_event_id:
        return None
    try:
        position = datetime.fromisoformat(decode_cursor(last_event_id, 1)[0])
        position.astimezone()
    except (MalformedRequest, ValueError, OverflowError) as error:
        raise _not_an_event() from error
    if position.tzinfo is None:
        raise _not_an_event()
    return position


def _not_an_event() -> MalformedRequest:
    return MalformedRequest(faults=[Fault("/header/Last-Event-ID", "This is not the id of an event.")])
