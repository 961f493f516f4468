"""Where `portway logs` reads: a gateway's API, or the database as its owner."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from psycopg import sql
from psycopg.rows import dict_row

from portway.application.ports.log_queries import LogFilter
from portway.cli.database import DatabaseInUse, as_owner
from portway.cli.gateway import Gateway
from portway.infrastructure.postgres.log_conditions import conditions, values_of

_PAGE = 200

# The members that the API shows.
_ROWS = sql.SQL("""
SELECT l.id, l.executed_at, l.status, l.user_id, l.organization_id, l.workspace_id, l.connection_id, l.action_id,
    i.slug AS integration, a.slug AS action, CASE WHEN %(payloads)s THEN l.request_payload END AS request_payload,
    CASE WHEN %(payloads)s THEN l.response_payload END AS response_payload, l.payload_truncated, l.status_code,
    l.error_code, l.duration_ms, l.attempts
FROM public.api_logs AS l
LEFT JOIN public.integrations AS i ON i.id = l.integration_id
LEFT JOIN public.actions AS a ON a.id = l.action_id
WHERE true {conditions}
ORDER BY l.executed_at DESC, l.id DESC
LIMIT %(limit)s
""")


@dataclass(frozen=True)
class LogEntry:
    """An execution: what it is sorted and told apart by, and all that is shown of it."""

    id: str
    executed_at: datetime
    status: str
    shown: Mapping[str, object]


class LogSource(Protocol):
    """Executions that fit a filter, the newest first."""

    def newest(self, criteria: LogFilter, limit: int | None) -> list[LogEntry]:
        """At most `limit`; all with None, which goes with a `since` that is not long ago."""
        ...


class GatewayLogs:
    """The log that the API key's user may see."""

    def __init__(self, gateway: Gateway, *, payloads: bool) -> None:
        self._gateway = gateway
        self._payloads = payloads

    def newest(self, criteria: LogFilter, limit: int | None) -> list[LogEntry]:
        found: list[LogEntry] = []
        for page in self._pages(criteria, min(limit or _PAGE, _PAGE)):
            found += page
            if limit is not None and len(found) >= limit:
                return found[:limit]
        return found

    def _pages(self, criteria: LogFilter, size: int) -> Iterator[list[LogEntry]]:
        query: dict[str, object] = {
            "from": criteria.since.isoformat() if criteria.since else None,
            "action": criteria.action,
            "status": list(criteria.statuses) or None,
            "limit": size,
            "payloads": str(self._payloads).lower(),
        }
        while True:
            answer = self._gateway.get("/api/v2/logs", query)
            rows = answer.get("data")
            yield [_entry(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
            query["cursor"] = answer.get("next_cursor")
            if query["cursor"] is None:
                return


class DatabaseLogs:
    """The log of everybody."""

    def __init__(self, database: DatabaseInUse, *, payloads: bool) -> None:
        self._database = database
        self._payloads = payloads

    def newest(self, criteria: LogFilter, limit: int | None) -> list[LogEntry]:
        statement = _ROWS.format(conditions=conditions(criteria))
        with as_owner(self._database) as connection, connection.cursor(row_factory=dict_row) as cursor:
            values = values_of(criteria) | {"limit": limit, "payloads": self._payloads}
            cursor.execute(statement, values)
            return [_entry(row) for row in cursor.fetchall()]


def _entry(row: Mapping[str, object]) -> LogEntry:
    moment = row["executed_at"]
    executed_at = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    return LogEntry(str(row["id"]), executed_at, str(row["status"]), row)
