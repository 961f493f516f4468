"""What was executed, counted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query

from portway.api.log_wire import UsageOutput, UsageQuery
from portway.api.logs import LogReader
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.application.ports.log_queries import Bucket, UsageQuestion
from portway.application.usage_steps import steps_between
from portway.domain.errors import Fault, MalformedRequest

router = new_router("/usage", "Usage")

_DEFAULT_SPAN = {Bucket.HOUR: timedelta(hours=24), Bucket.DAY: timedelta(days=30)}
_LONGEST_SPAN = {Bucket.HOUR: timedelta(days=31), Bucket.DAY: timedelta(days=400)}


@router.get("", responses=problem_responses(403))
async def get_usage(
    principal: LogReader, services: CurrentServices, asked: Annotated[UsageQuery, Query()]
) -> UsageOutput:
    """Counts executions in your workspaces by hour or day, with percentiles, told apart by what you choose."""
    question = _question(asked)
    async with services.reading(principal.sealed_pass) as work:
        usage = await work.logs.usage(question)
        previous = (await work.logs.usage(_before(question))).total if asked.previous else None
    return UsageOutput.model_validate(
        {
            "bucket": asked.bucket,
            "time_zone": asked.time_zone.key,
            "since": question.since,
            "until": question.until,
            "steps": question.steps,
            "data": usage.buckets,
            "groups": usage.groups,
            "total": usage.total,
            "previous": previous,
        }
    )


def _question(asked: UsageQuery) -> UsageQuestion:
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
    return UsageQuestion(
        criteria=asked.criteria(),
        since=since.astimezone(UTC),
        until=until.astimezone(UTC),
        steps=steps_between(since, until, asked.bucket, asked.time_zone),
        group=asked.group_by,
        top=asked.top,
    )


def _before(question: UsageQuestion) -> UsageQuestion:
    """The same of the time of the same length before, as a whole."""
    since = question.since - (question.until - question.since)
    return replace(question, since=since, until=question.since, steps=(), group=None)
