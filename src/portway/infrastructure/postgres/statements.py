"""Pieces of SQL that several repositories need."""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString, TypeAlias
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from portway.infrastructure.postgres.database import Connection

Statement: TypeAlias = tuple[sql.Composed, list[object]]

_JSON_LISTS = frozenset({"rate_limits"})
"""Lists that are one JSON document in a column; others are arrays of PostgreSQL."""

# What `returned` calls the row.
_ALIASES: Mapping[str, LiteralString] = {"integrations": "i", "actions": "a"}


async def rows_of(
    connection: Connection, query: sql.SQL | sql.Composed, values: Sequence[object] | Mapping[str, object]
) -> list[dict[str, Any]]:
    """All rows of a statement, by column name."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()


def containing(query: str | None) -> str | None:
    """The ILIKE pattern for texts that contain the query as it is written."""
    if not query:
        return None
    escaped = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def insertion(table: str, row: Mapping[str, Any], returned: sql.SQL) -> Statement:
    """Inserts one row; returns what of it is asked for."""
    statement = sql.SQL("INSERT INTO public.{} AS {} ({}) VALUES ({}) RETURNING {}").format(
        sql.Identifier(table),
        sql.SQL(_ALIASES[table]),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join([sql.Placeholder()] * len(row)),
        returned,
    )
    return statement, [_adapted(name, value) for name, value in row.items()]


def change(table: str, row_id: UUID, changes: Mapping[str, Any], returned: sql.SQL) -> Statement:
    """Sets these columns of one row; returns what of it is asked for, and no row where there is none to change."""
    statement = sql.SQL("UPDATE public.{} AS {} SET {} WHERE id = {} RETURNING {}").format(
        sql.Identifier(table),
        sql.SQL(_ALIASES[table]),
        sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder()) for name in changes
        ),
        sql.Placeholder(),
        returned,
    )
    return statement, [*(_adapted(name, value) for name, value in changes.items()), row_id]


def _adapted(name: str, value: object) -> object:
    if isinstance(value, Mapping) or name in _JSON_LISTS:
        return Jsonb(value)
    return list(value) if isinstance(value, tuple) else value
