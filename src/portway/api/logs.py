"""The audit log: every execution, and how it ended."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Query, Response
from starlette.responses import StreamingResponse

from portway.api.identity import CurrentBearer, requires
from portway.api.log_formats import csv_head, csv_lines, ndjson_lines
from portway.api.log_wire import LogCountOutput, LogOutput, LogQuery, LogSearch
from portway.api.pagination import decode_cursor, encode_cursor, not_a_cursor
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices, Services
from portway.api.wire import Page
from portway.application.ports.log_queries import LogFilter, LogPosition
from portway.domain.execution import ExecutionLog
from portway.domain.principal import Principal, Scope

_EXPORT_BATCH = 500

router = new_router("/logs", "Logs")

LogReader = Annotated[Principal, Depends(requires(Scope.LOGS_READ))]


class ExportFormat(StrEnum):
    """Newline-delimited JSON, or comma-separated values with a head line."""

    NDJSON = "ndjson"
    CSV = "csv"


class ExportQuery(LogSearch):
    """Which executions, in which format."""

    format: ExportFormat = ExportFormat.NDJSON


_MEDIA_TYPES = {ExportFormat.NDJSON: "application/x-ndjson", ExportFormat.CSV: "text/csv; charset=utf-8"}
_ENCODERS = {ExportFormat.NDJSON: ndjson_lines, ExportFormat.CSV: csv_lines}


@router.get("", response_model=Page[LogOutput], responses=problem_responses(403))
async def list_logs(
    principal: LogReader, services: CurrentServices, asked: Annotated[LogQuery, Query()]
) -> Response:
    """Lists executions in your workspaces, newest first."""
    after = _position(asked.cursor)
    async with services.reading(principal.sealed_pass) as work:
        found = await work.logs.list(
            asked.criteria(), after=after, limit=asked.limit + 1, payloads=asked.payloads
        )
    kept = found[: asked.limit]
    cursor = _cursor(kept[-1]) if len(found) > asked.limit else None
    return _json({"data": kept, "next_cursor": cursor})


@router.get("/count", responses=problem_responses(403))
async def count_logs(
    principal: LogReader, services: CurrentServices, asked: Annotated[LogSearch, Query()]
) -> LogCountOutput:
    """Counts executions in your workspaces, as far as that takes no longer than a moment."""
    async with services.reading(principal.sealed_pass) as work:
        return LogCountOutput.model_validate(await work.logs.count(asked.criteria()))


@router.get(
    "/export",
    response_class=Response,
    responses=problem_responses(403)
    | {
        200: {
            "description": "A file, newest first",
            "content": {
                "application/x-ndjson": {"schema": {"type": "string"}},
                "text/csv": {"schema": {"type": "string"}},
            },
        }
    },
)
async def export_logs(
    bearer: CurrentBearer,
    principal: LogReader,
    services: CurrentServices,
    asked: Annotated[ExportQuery, Query()],
) -> Response:
    """Streams executions in your workspaces, however many, as newline-delimited JSON or CSV."""
    criteria = asked.criteria()
    # What can be refused is refused before the answer has begun.
    first = await _batch(services, principal, criteria, None)
    name = f"portway-logs-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.{asked.format.value}"
    return StreamingResponse(
        _stream(services, bearer, criteria, first, asked.format),
        media_type=_MEDIA_TYPES[asked.format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/{execution_id}", response_model=LogOutput, responses=problem_responses(403, 404))
async def get_log(principal: LogReader, services: CurrentServices, execution_id: UUID) -> Response:
    """Shows one execution."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        return _json(await work.logs.get(execution_id))


async def _stream(
    services: Services,
    bearer: str,
    criteria: LogFilter,
    first: Sequence[ExecutionLog],
    wanted: ExportFormat,
) -> AsyncIterator[bytes]:
    """Batch by batch, each in a transaction of its own, so that a slow reader holds no connection and no lock.

    The caller is authenticated for each: an export outlives a pass, but no revocation. An error breaks the stream off
    in the middle, which a client can tell from its end.
    """
    if wanted is ExportFormat.CSV:
        yield csv_head()
    batch = first
    while batch:
        yield _ENCODERS[wanted](batch)
        if len(batch) < _EXPORT_BATCH:
            return
        principal = await services.authenticator.authenticate(bearer)
        batch = await _batch(services, principal, criteria, LogPosition(batch[-1].executed_at, batch[-1].id))


async def _batch(
    services: Services, principal: Principal, criteria: LogFilter, after: LogPosition | None
) -> Sequence[ExecutionLog]:
    async with services.reading(principal.sealed_pass) as work:
        return await work.logs.list(criteria, after=after, limit=_EXPORT_BATCH)


def _json(value: object) -> Response:
    # Not through the framework: payloads are of any depth, and there may be thousands of them.
    return Response(msgspec.json.encode(value), media_type="application/json")


def _cursor(log: ExecutionLog) -> str:
    return encode_cursor(log.executed_at.isoformat(), str(log.id))


def _position(cursor: str | None) -> LogPosition | None:
    if cursor is None:
        return None
    executed_at, last = decode_cursor(cursor, 2)
    try:
        position = LogPosition(datetime.fromisoformat(executed_at), UUID(last))
    except ValueError as error:
        raise not_a_cursor() from error
    if position.executed_at.tzinfo is None:
        raise not_a_cursor()
    return position
