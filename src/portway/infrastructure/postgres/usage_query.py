"""Usage as one pass over the counted hours and the rest of the log: buckets, groups and the total together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, LiteralString

from psycopg import sql

from portway.application.ports.log_queries import (
    GroupKey,
    LogFilter,
    Usage,
    UsageGroup,
    UsageQuestion,
    UsageRow,
)
from portway.domain.rules.durations import percentiles
from portway.infrastructure.postgres.log_conditions import conditions, values_of
from portway.infrastructure.postgres.usage_ranges import Ranges, UsageState, ranges

# Executions without the thing have the key ''. It cannot be a real one.
_KEY: Mapping[UsageGroup, LiteralString] = {
    UsageGroup.INTEGRATION: "coalesce(l.integration_id::text, '')",
    UsageGroup.ACTION: "coalesce(l.action_id::text, '')",
    UsageGroup.USER: "coalesce(l.user_id::text, '')",
    UsageGroup.CONNECTION: "coalesce(l.connection_id::text, '')",
    UsageGroup.WORKSPACE: "coalesce(l.workspace_id::text, '')",
    UsageGroup.ERROR_CODE: "coalesce(l.error_code, '')",
    UsageGroup.STATUS: "l.status",
    UsageGroup.STATUS_CODE: "coalesce(l.status_code::text, '')",
}
# Of the thing that the key names: `label`, `name`, and the slug of its integration.
_NAMES: Mapping[UsageGroup, LiteralString] = {
    UsageGroup.INTEGRATION: """
        SELECT n.slug, n.name, n.slug FROM public.integrations AS n WHERE n.id = nullif(f.key, '')::uuid
    """,
    UsageGroup.ACTION: """
        SELECT n.slug || '/' || m.slug, m.name, n.slug FROM public.actions AS m
        JOIN public.integrations AS n ON n.id = m.integration_id WHERE m.id = nullif(f.key, '')::uuid
        UNION ALL
        SELECT n.slug || '/' || b.slug, b.name, n.slug FROM public.integrations AS n
        CROSS JOIN (VALUES
            ('http-request', 'HTTP request'), ('verify-connection', 'Test of a connection')
        ) AS b (slug, name)
        WHERE md5(n.id::text || ' ' || b.slug)::uuid = nullif(f.key, '')::uuid
    """,
    UsageGroup.USER: """
        SELECT coalesce(n.name, n.email), coalesce(n.name, n.email), NULL::text FROM public.users AS n
        WHERE n.id = nullif(f.key, '')::uuid
    """,
    UsageGroup.CONNECTION: """
        SELECT n.name, n.name, i.slug FROM public.connections AS n
        LEFT JOIN public.integrations AS i ON i.id = n.integration_id WHERE n.id = nullif(f.key, '')::uuid
    """,
    UsageGroup.WORKSPACE: """
        SELECT n.name, n.name, NULL::text FROM public.workspaces AS n WHERE n.id = nullif(f.key, '')::uuid
    """,
}
_ITSELF: LiteralString = "SELECT nullif(f.key, ''), nullif(f.key, ''), NULL::text"

# Executions in no workspace are not counted: they used nothing.
_OF_CALLER: LiteralString = "l.workspace_id = ANY ((SELECT app.current_workspaces())::uuid[])"
# That it is one of the caller's is what the policies say.
_OF_WORKSPACE: LiteralString = "l.workspace_id = %(workspace_id)s"

_EXECUTIONS = sql.SQL("""
    SELECT (%(steps)s::timestamptz[])[width_bucket(l.hour, %(steps)s::timestamptz[])] AS start, {key} AS key,
        l.status, sum(l.executions) AS executions, sum(l.durations) AS durations
    FROM {table} AS l
    WHERE {whose} AND l.hour >= %(first)s AND l.hour < %(last)s AND l.hour <> ALL (%(left_out)s::timestamptz[])
        {conditions}
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT (%(steps)s::timestamptz[])[width_bucket(l.executed_at, %(steps)s::timestamptz[])], {key},
        l.status, count(*), sum(app.duration_mark(l.duration_ms)) FILTER (WHERE l.status IN ('success', 'error'))
    FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS live (start, until)
    CROSS JOIN LATERAL (
        SELECT l.executed_at, l.status, l.integration_id, l.action_id, l.user_id, l.connection_id, l.workspace_id,
            l.error_code, l.status_code, l.duration_ms
        FROM public.api_logs AS l
        WHERE {whose} AND l.executed_at >= live.start AND l.executed_at < live.until {conditions}
        OFFSET 0  -- each range by the index, however many rows the planner expects
    ) AS l
    GROUP BY 1, 2, 3
""")

_FIGURES = sql.SQL("""
    coalesce(sum(e.executions), 0)::bigint AS executions,
    coalesce(sum(e.executions) FILTER (WHERE e.status = 'started'), 0)::bigint AS started,
    coalesce(sum(e.executions) FILTER (WHERE e.status = 'success'), 0)::bigint AS success,
    coalesce(sum(e.executions) FILTER (WHERE e.status = 'error'), 0)::bigint AS error,
    coalesce(sum(e.executions) FILTER (WHERE e.status = 'refused'), 0)::bigint AS refused,
    coalesce(sum(e.executions) FILTER (WHERE e.status = 'unknown'), 0)::bigint AS unknown,
    coalesce(sum(e.durations), 0)::text AS durations
""")

_OF_ALL = sql.SQL("""
SELECT e.start, GROUPING(e.start) = 0 AS is_step, false AS grouped, NULL::text AS key, NULL::text AS label,
    NULL::text AS name, NULL::text AS integration, false AS is_rest, {figures}
FROM ({executions}) AS e
GROUP BY GROUPING SETS ((e.start), ())
ORDER BY e.start
""")

# The groups that are not among the busiest are one, the rest.
_BY_GROUP = sql.SQL("""
WITH executions AS ({executions}),
busiest AS (
    SELECT x.key FROM executions AS x GROUP BY x.key ORDER BY sum(x.executions) DESC, x.key LIMIT %(top)s
),
told_apart AS (
    SELECT x.start, x.status, x.executions, x.durations, b.key, b.key IS NULL AS is_rest
    FROM executions AS x LEFT JOIN busiest AS b ON b.key = x.key
),
figures AS (
    SELECT e.start, GROUPING(e.start) = 0 AS is_step, GROUPING(e.key) = 0 AS grouped, e.key,
        coalesce(e.is_rest, false) AS is_rest, {figures}
    FROM told_apart AS e GROUP BY GROUPING SETS ((e.start, e.key, e.is_rest), (e.key, e.is_rest), ())
)
SELECT f.*, n.* FROM figures AS f LEFT JOIN LATERAL ({names}) AS n (label, name, integration) ON true
ORDER BY f.start, f.is_rest, f.executions DESC, f.key
""")

_COUNT = sql.SQL("SELECT coalesce(sum(e.executions), 0)::bigint AS count FROM ({executions}) AS e")

BY_ACTION, BY_CONNECTION = (
    sql.Identifier("public", "usage_by_action"),
    sql.Identifier("public", "usage_by_connection"),
)


def counted_in(criteria: LogFilter, group: UsageGroup | None = None) -> sql.Identifier:
    """The smallest table that tells apart what is asked for."""
    by_connection = group in {UsageGroup.USER, UsageGroup.CONNECTION}
    if by_connection or criteria.user_id is not None or criteria.connection_id is not None:
        return BY_CONNECTION
    return BY_ACTION


def whose(criteria: LogFilter) -> sql.SQL:
    """The condition on the workspace of `l`."""
    return sql.SQL(_OF_WORKSPACE if criteria.workspace_id else _OF_CALLER)


def statement(question: UsageQuestion, state: UsageState) -> tuple[sql.Composed, dict[str, object]]:
    """The query and its values."""
    group = question.group
    chosen = ranges(state, question.since, question.until, question.steps)
    values = _values(question.criteria, chosen) | {"steps": list(question.steps), "top": question.top}
    executions = _executions(question.criteria, group)
    if group is None:
        return _OF_ALL.format(figures=_FIGURES, executions=executions), values
    names = sql.SQL(_NAMES.get(group, _ITSELF))
    return _BY_GROUP.format(executions=executions, figures=_FIGURES, names=names), values


def counting(criteria: LogFilter, state: UsageState) -> tuple[sql.Composed, dict[str, object]]:
    """The query, with one row and column `count`, and its values."""
    values = _values(criteria, ranges(state, criteria.since, criteria.until)) | {"steps": []}
    return _COUNT.format(executions=_executions(criteria, None)), values


def _executions(criteria: LogFilter, group: UsageGroup | None) -> sql.Composed:
    return _EXECUTIONS.format(
        key=sql.SQL(_KEY[group] if group else "''"),
        table=counted_in(criteria, group),
        whose=whose(criteria),
        conditions=conditions(replace(criteria, since=None, until=None)),
    )


def _values(criteria: LogFilter, chosen: Ranges) -> dict[str, object]:
    return values_of(criteria) | {
        "first": chosen.first,
        "last": chosen.last,
        "left_out": list(chosen.left_out),
        "starts": [start for start, _ in chosen.live],
        "ends": [end for _, end in chosen.live],
    }


def usage_of(rows: Sequence[Mapping[str, Any]]) -> Usage:
    """The query's rows, sorted into their kinds."""
    whole = [_row(row) for row in rows if not row["is_step"]]
    return Usage(
        # Without steps, every row is of the one that has no beginning.
        buckets=tuple(_row(row) for row in rows if row["is_step"] and row["start"] is not None),
        groups=tuple(row for row in whole if row.group is not None),
        total=next(row for row in whole if row.group is None),
    )


def _row(row: Mapping[str, Any]) -> UsageRow:
    p50, p95, p99 = percentiles(row["durations"], (0.5, 0.95, 0.99))
    counts = {name: row[name] for name in ("executions", "started", "success", "error", "refused", "unknown")}
    return UsageRow(
        start=row["start"],
        group=_group(row) if row["grouped"] else None,
        **counts,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
    )


def _group(row: Mapping[str, Any]) -> GroupKey:
    return GroupKey(
        row["key"] or None,
        row["label"],
        is_rest=row["is_rest"],
        name=row["name"],
        integration=row["integration"],
    )
