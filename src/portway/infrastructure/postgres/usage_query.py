"""Usage as one pass over the log: buckets, groups and the total together."""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from psycopg import sql

from portway.application.ports.log_queries import Bucket, GroupKey, LogFilter, Usage, UsageGroup, UsageRow
from portway.infrastructure.postgres.log_conditions import conditions

# Executions without the thing have the key ''. It cannot be a real one.
_KEY: Mapping[UsageGroup, LiteralString] = {
    UsageGroup.INTEGRATION: "coalesce(l.integration_id::text, '')",
    UsageGroup.ACTION: "coalesce(l.action_id::text, '')",
    UsageGroup.USER: "coalesce(l.user_id::text, '')",
    UsageGroup.CONNECTION: "coalesce(l.connection_id::text, '')",
    UsageGroup.WORKSPACE: "coalesce(l.workspace_id::text, '')",
    UsageGroup.ERROR_CODE: "coalesce(l.error_code, '')",
}
_LABEL: Mapping[UsageGroup, LiteralString] = {
    UsageGroup.INTEGRATION: "SELECT n.slug FROM public.integrations AS n WHERE n.id = nullif(f.key, '')::uuid",
    UsageGroup.ACTION: """
        SELECT coalesce((
            SELECT n.slug || '/' || m.slug FROM public.actions AS m
            JOIN public.integrations AS n ON n.id = m.integration_id WHERE m.id = nullif(f.key, '')::uuid
        ), (
            SELECT n.slug || '/' || b.slug FROM public.integrations AS n
            CROSS JOIN (VALUES ('http-request'), ('verify-connection')) AS b (slug)
            WHERE md5(n.id::text || ' ' || b.slug)::uuid = nullif(f.key, '')::uuid
        ))
    """,
    UsageGroup.USER: "SELECT coalesce(n.name, n.email) FROM public.users AS n WHERE n.id = nullif(f.key, '')::uuid",
    UsageGroup.CONNECTION: "SELECT n.name FROM public.connections AS n WHERE n.id = nullif(f.key, '')::uuid",
    UsageGroup.WORKSPACE: "SELECT n.name FROM public.workspaces AS n WHERE n.id = nullif(f.key, '')::uuid",
    UsageGroup.ERROR_CODE: "SELECT nullif(f.key, '')",
}
_START: Mapping[Bucket, LiteralString] = {
    Bucket.HOUR: "date_trunc('hour', l.executed_at, 'UTC')",
    Bucket.DAY: "date_trunc('day', l.executed_at, 'UTC')",
}

# Executions in no workspace are not counted: they used nothing.
_EXECUTIONS = sql.SQL("""
    SELECT {start} AS start, {key} AS key, l.status, l.duration_ms
    FROM public.api_logs AS l
    WHERE l.workspace_id = ANY ((SELECT app.current_workspaces())::uuid[])
        AND (%(workspace_id)s::uuid IS NULL OR l.workspace_id = %(workspace_id)s) {conditions}
""")

_FIGURES = sql.SQL("""
    count(*) AS executions,
    count(*) FILTER (WHERE e.status = 'started') AS started,
    count(*) FILTER (WHERE e.status = 'success') AS success,
    count(*) FILTER (WHERE e.status = 'error') AS error,
    count(*) FILTER (WHERE e.status = 'refused') AS refused,
    count(*) FILTER (WHERE e.status = 'unknown') AS unknown,
    percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY e.duration_ms)
        FILTER (WHERE e.status IN ('success', 'error')) AS percentiles
""")

_OF_ALL = sql.SQL("""
SELECT e.start, false AS grouped, NULL::text AS key, NULL::text AS label, false AS is_rest, {figures}
FROM ({executions}) AS e
GROUP BY GROUPING SETS ((e.start), ())
ORDER BY e.start
""")

# More lines than twenty tell nobody anything; the other groups are one, the rest.
_BY_GROUP = sql.SQL("""
WITH executions AS ({executions}),
busiest AS (
    SELECT x.key FROM executions AS x GROUP BY x.key ORDER BY count(*) DESC, x.key LIMIT 20
),
told_apart AS (
    SELECT x.start, x.status, x.duration_ms, b.key, b.key IS NULL AS is_rest
    FROM executions AS x LEFT JOIN busiest AS b ON b.key = x.key
),
figures AS (
    SELECT e.start, GROUPING(e.key) = 0 AS grouped, e.key, coalesce(e.is_rest, false) AS is_rest, {figures}
    FROM told_apart AS e GROUP BY GROUPING SETS ((e.start, e.key, e.is_rest), (e.key, e.is_rest), ())
)
SELECT f.*, ({label}) AS label FROM figures AS f
ORDER BY f.start, f.is_rest, f.executions DESC, f.key
""")


def statement(criteria: LogFilter, bucket: Bucket, group: UsageGroup | None) -> sql.Composed:
    """The query; its values are those of `log_conditions`."""
    executions = _EXECUTIONS.format(
        start=sql.SQL(_START[bucket]),
        key=sql.SQL(_KEY[group] if group else "''"),
        conditions=conditions(criteria),
    )
    if group is None:
        return _OF_ALL.format(figures=_FIGURES, executions=executions)
    return _BY_GROUP.format(executions=executions, figures=_FIGURES, label=sql.SQL(_LABEL[group]))


def usage_of(rows: Sequence[Mapping[str, Any]]) -> Usage:
    """The query's rows, sorted into their kinds."""
    found = [_row(row) for row in rows]
    return Usage(
        buckets=tuple(row for row in found if row.start is not None),
        groups=tuple(row for row in found if row.start is None and row.group is not None),
        total=next(row for row in found if row.start is None and row.group is None),
    )


def _row(row: Mapping[str, Any]) -> UsageRow:
    p50, p95, p99 = row["percentiles"] or (None, None, None)
    counts = {name: row[name] for name in ("executions", "started", "success", "error", "refused", "unknown")}
    return UsageRow(
        start=row["start"],
        group=GroupKey(row["key"] or None, row["label"], row["is_rest"]) if row["grouped"] else None,
        **counts,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
    )
