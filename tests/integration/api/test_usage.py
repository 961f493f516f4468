"""Usage over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from portway.domain.rules.durations import ACCURACY
from tests.integration.api.whole import Caller, Whole
from tests.people import as_owner, new_log

PATH = "/api/v2/usage"
# Noon, so that an hour before is the same day.
NOON = (datetime.now(UTC) - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)


def written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@pytest.fixture(scope="module")
def ann(whole: Whole) -> Caller:
    """Ten successes at noon, an error an hour before, a refusal the day before."""
    ann = whole.person("ann")
    (integration,) = as_owner(
        whole.urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type) VALUES ('U', 'used', 'https://x.example', 'none')"
        " RETURNING id",
    )[0]
    for number in range(1, 11):
        new_log(whole.urls, ann.person, NOON, duration_ms=float(number), integration_id=integration)
    new_log(whole.urls, ann.person, NOON - timedelta(hours=1), status="error", error_code="upstream_error")
    new_log(whole.urls, ann.person, NOON - timedelta(days=1), status="refused", error_code="forbidden")
    new_log(whole.urls, whole.person("eve").person, NOON)
    return ann


async def test_by_day(ann: Caller) -> None:
    answer = await ann.api.get(PATH)
    assert answer.status == 200, answer.content
    usage = answer.json
    assert (usage["bucket"], usage["groups"], usage["next_cursor"]) == ("day", [], None)
    midnight = NOON.replace(hour=0)
    assert [(row["start"], row["executions"], row["group"]) for row in usage["data"]] == [
        (written(midnight - timedelta(days=1)), 1, None),
        (written(midnight), 11, None),
    ]
    assert usage["total"]["p50_ms"] == pytest.approx(6.0, rel=ACCURACY)
    assert usage["total"] | {"p50_ms": 0, "p95_ms": 0, "p99_ms": 0} == {
        "start": None, "group": None, "executions": 12, "started": 0, "success": 10, "error": 1, "refused": 1,
        "unknown": 0, "success_rate": 10 / 11, "p50_ms": 0, "p95_ms": 0, "p99_ms": 0,
    }  # fmt: skip
    span = datetime.fromisoformat(usage["to"]) - datetime.fromisoformat(usage["from"])
    assert span == timedelta(days=30)


async def test_by_hour_of_a_chosen_time(ann: Caller) -> None:
    since, until = NOON - timedelta(hours=2), NOON + timedelta(hours=1)
    usage = (await ann.api.get(f"{PATH}?bucket=hour&from={written(since)}&to={written(until)}")).json
    assert (usage["from"], usage["to"]) == (written(since), written(until))
    assert [(row["start"], row["executions"], row["p50_ms"]) for row in usage["data"]] == [
        (written(NOON - timedelta(hours=1)), 1, pytest.approx(10.0, rel=ACCURACY)),
        (written(NOON), 10, pytest.approx(5.0, rel=ACCURACY)),
    ]


async def test_told_apart(ann: Caller) -> None:
    usage = (await ann.api.get(f"{PATH}?group_by=integration")).json
    assert [(row["group"]["label"], row["executions"]) for row in usage["groups"]] == [
        ("used", 10),
        (None, 2),
    ]
    assert sum(row["executions"] for row in usage["data"]) == usage["total"]["executions"] == 12
    usage = (await ann.api.get(f"{PATH}?group_by=error_code&status=error&status=refused")).json
    assert {row["group"]["id"]: row["executions"] for row in usage["groups"]} == {
        "upstream_error": 1,
        "forbidden": 1,
    }
    for group in ("action", "user", "connection", "workspace"):
        assert (await ann.api.get(f"{PATH}?group_by={group}&integration=used")).json["total"][
            "executions"
        ] == 10


async def test_nothing_is_zero(ann: Caller) -> None:
    usage = (
        await ann.api.get(f"{PATH}?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z&group_by=user")
    ).json
    assert (usage["data"], usage["groups"], usage["total"]["executions"], usage["total"]["p50_ms"]) == (
        [],
        [],
        0,
        None,
    )


@pytest.mark.parametrize(
    "query",
    ["bucket=week", "group_by=mood", "from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "from=1970-01-01T00:00:00Z",
     "bucket=hour&from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z", "limit=5", "to=0001-01-01T00:00:00Z"],
)  # fmt: skip
async def test_what_cannot_be_asked(ann: Caller, query: str) -> None:
    assert (await ann.api.get(f"{PATH}?{query}")).code == "malformed_request"
