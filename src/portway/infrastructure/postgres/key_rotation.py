"""New keys for the keyring, and every ciphertext brought under them while everything else goes on."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from portway.infrastructure.postgres.ciphertexts import COLUMNS, CiphertextColumn

Connection = psycopg.Connection[tuple[object, ...]]
Row = tuple[object, ...]
Tell = Callable[[str], None]

_LOCK = 0x706F727477617932  # "portway2": one rotation at a time
_BATCH_ROWS = 100
_PROGRESS_ROWS = 1_000
_POLL_SECONDS = 0.2

# Rows are locked as long as the statement takes, some milliseconds. Who writes one is not waited for.
_BATCH = """
WITH held AS MATERIALIZED (
    SELECT {row}, {column} AS ciphertext, key_id, ({owner})::uuid AS owner, {kind} AS kind
    FROM {table} WHERE key_id <> %(current_key)s AND {after}
    ORDER BY {row} LIMIT %(batch_rows)s FOR NO KEY UPDATE SKIP LOCKED
), renewed AS MATERIALIZED (
    SELECT {held_row}, fresh.ciphertext, fresh.key_id
    FROM held CROSS JOIN LATERAL keyring.reencrypt(held.ciphertext, held.key_id, held.owner, held.kind) AS fresh
), written AS (
    UPDATE {table} AS target SET {column} = renewed.ciphertext, key_id = renewed.key_id
    FROM renewed WHERE ({target_row}) = ({renewed_row}) AND renewed.key_id IS NOT NULL
)
SELECT key_id IS NOT NULL, {row} FROM renewed ORDER BY {row}
"""

# Of roles that write ciphertexts. The owner's that have written nothing are dumps, which may take hours.
_OPEN_TRANSACTIONS = """
SELECT l.virtualxid FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock' AND a.datname = current_database()
    AND a.pid <> pg_backend_pid() AND a.usesysid IS NOT NULL
    AND (a.backend_xid IS NOT NULL OR NOT pg_has_role(a.usesysid, 'portway_owner', 'MEMBER'))
"""


class RotationUnderWay(Exception):
    """Another process rotates the keys of this database."""


@dataclass(frozen=True)
class Unreadable:
    """A ciphertext that no key of this keyring opens; `row` has the columns that name its row."""

    table: str
    row: Mapping[str, object]


@dataclass
class Rotation:
    """What was done: the key that encrypts now, and how many ciphertexts of each table came under it."""

    key_id: int
    renewed: dict[str, int] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)


def claim_rotation(connection: Connection) -> None:
    """Nobody else rotates as long as this connection lives. Raises RotationUnderWay where somebody does."""
    if connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone() != (True,):
        raise RotationUnderWay("another `portway keyring rotate` is at work on this database")


def make_keys(connection: Connection, *, at_once: bool) -> None:
    """From now on everything is encrypted and sealed under new keys.

    What the old ones sealed is good for a day; with `at_once`, for nothing.
    """
    with _as_owner(connection):
        connection.execute("SELECT keyring.rotate(%s)", [at_once])


def renew_ciphertexts(connection: Connection, tell: Tell) -> Rotation:
    """Brings every ciphertext under the current key; returns when none but unreadable ones are left.

    A transaction that began before the key was made may still write under the old one: all such are waited for.
    """
    rotation = Rotation(_current_key(connection))
    earlier = _open_transactions(connection)
    _renew_all(connection, rotation, tell)
    _wait_for(connection, earlier, tell)
    while not _renew_all(connection, rotation, tell):
        time.sleep(_POLL_SECONDS)
    return rotation


def _renew_all(connection: Connection, rotation: Rotation, tell: Tell) -> bool:
    """Goes through all tables once; whether nothing is left that could be renewed."""
    rotation.unreadable.clear()
    is_complete = True
    for column in COLUMNS:
        unreadable = _renew_column(connection, column, rotation, tell)
        rotation.unreadable += [
            Unreadable(column.table, dict(zip(column.row, row, strict=True))) for row in unreadable
        ]
        is_complete &= _rows_under_old_keys(connection, column, rotation.key_id) <= set(unreadable)
    return is_complete


def _renew_column(
    connection: Connection, column: CiphertextColumn, rotation: Rotation, tell: Tell
) -> list[Row]:
    """The rows whose ciphertext is unreadable."""
    unreadable: list[Row] = []
    for batch in _batches(connection, column, rotation.key_id):
        before = rotation.renewed.get(column.table, 0)
        after = before + sum(is_renewed for is_renewed, _ in batch)
        rotation.renewed[column.table] = after
        unreadable += [row for is_renewed, row in batch if not is_renewed]
        if after // _PROGRESS_ROWS > before // _PROGRESS_ROWS:
            tell(f"{column.table}: {after} so far")
    return unreadable


def _batches(
    connection: Connection, column: CiphertextColumn, key_id: int
) -> Iterator[list[tuple[bool, Row]]]:
    """Re-encrypts what nobody else is writing, some rows at a time: whether it could be done, and the row."""
    last: Row = ()
    while True:
        values = {
            "current_key": key_id,
            "batch_rows": _BATCH_ROWS,
            **dict(zip(column.row, last, strict=False)),
        }
        with _as_owner(connection):
            found = connection.execute(_statement(column, is_first=not last), values).fetchall()
        batch = [(is_renewed is True, tuple(row)) for is_renewed, *row in found]
        yield batch
        if len(batch) < _BATCH_ROWS:
            return
        _, last = batch[-1]


def _statement(column: CiphertextColumn, *, is_first: bool) -> sql.Composed:
    row = sql.SQL(", ").join(map(sql.Identifier, column.row))
    last = sql.SQL(", ").join(map(sql.Placeholder, column.row))
    return sql.SQL(_BATCH).format(
        table=_table(column),
        column=sql.Identifier(column.column),
        owner=sql.SQL(column.owner),
        kind=sql.SQL(column.kind),
        row=row,
        held_row=_qualified("held", column),
        target_row=_qualified("target", column),
        renewed_row=_qualified("renewed", column),
        after=sql.SQL("true") if is_first else sql.SQL("({}) > ({})").format(row, last),
    )


def _rows_under_old_keys(connection: Connection, column: CiphertextColumn, key_id: int) -> set[Row]:
    statement = sql.SQL("SELECT {} FROM {} WHERE key_id <> %s").format(
        sql.SQL(", ").join(map(sql.Identifier, column.row)), _table(column)
    )
    with _as_owner(connection):
        return set(connection.execute(statement, [key_id]).fetchall())


def _wait_for(connection: Connection, transactions: set[Row], tell: Tell) -> None:
    told = False
    while transactions := transactions & _open_transactions(connection):
        if not told:
            tell(f"waiting for {len(transactions)} transaction(s) that began before the new key")
            told = True
        time.sleep(_POLL_SECONDS)


def _open_transactions(connection: Connection) -> set[Row]:
    return set(connection.execute(_OPEN_TRANSACTIONS).fetchall())


def _current_key(connection: Connection) -> int:
    with _as_owner(connection):
        (key_id,) = connection.execute(
            "SELECT id FROM keyring.keys WHERE purpose = 'data' AND retired_at IS NULL"
        ).fetchall()[0]
    return int(str(key_id))


@contextmanager
def _as_owner(connection: Connection) -> Iterator[None]:
    """A short transaction in which every row shows."""
    with connection.transaction():
        connection.execute("SET LOCAL ROLE portway_owner")
        yield


def _table(column: CiphertextColumn) -> sql.Identifier:
    return sql.Identifier(*column.table.split("."))


def _qualified(name: str, column: CiphertextColumn) -> sql.Composed:
    return sql.SQL(", ").join([sql.Identifier(name, each) for each in column.row])
