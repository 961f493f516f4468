"""What was executed, counted."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query

from portway.api.log_wire import UsageOutput, UsageQuery
from portway.api.logs import LogReader
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.application.ports.log_queries import Bucket
from portway.domain.errors import Fault, MalformedRequest

router = new_router("/usage", "Usage")

_DEFAULT_SPAN = {Bucket.HOUR: timedelta(hours=24), Bucket.DAY: timedelta(days=30)}
_LONGEST_SPAN = {Bucket.HOUR: timedelta(days=31), Bucket.DAY: timedelta(days=400)}


@router.get("", responses=problem_responses(403))
async def get_usage(
    principal: LogReader, services: CurrentServices, asked: Annotated[UsageQuery, Query()]
) -> UsageOutput:
    """Counts executions in your workspaces by hour or day, with percentiles, told apart by what you choose."""
    until = asked.until or datetime.now(UTC)
    since = asked.since or until - _DEFAULT_SPAN[asked.bucket]
    if since >= until:
        raise MalformedRequest(faults=[Fault("/query/from", "Must be before `to`.")])
    if until - since > _LONGEST_SPAN[asked.bucket]:
        longest = _LONGEST_SPAN[asked.bucket].days
        raise MalformedRequest(
            faults=[
                Fault("/query/from", f"By {asked.bucket.value}, at most {longest} days can be asked for.")
            ]
        )
    criteria = replace(asked.criteria(), since=since, until=until)
    async with services.reading(principal.sealed_pass) as work:
        usage = await work.logs.usage(criteria, bucket=asked.bucket, group=asked.group_by)
    return UsageOutput.model_validate(
        {
            "bucket": asked.bucket,
            "since": since.astimezone(UTC),
            "until": until.astimezone(UTC),
            "data": [asdict(row) for row in usage.buckets],
            "groups": [asdict(row) for row in usage.groups],
            "total": asdict(usage.total),
        }
    )
