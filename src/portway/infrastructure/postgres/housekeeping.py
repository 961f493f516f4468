"""Housekeeping by the database's own functions."""

from datetime import timedelta
from typing import LiteralString

from portway.infrastructure.postgres.database import Database

# Making or dropping a partition locks the log. While it waits for that behind a long reader, every execution waits
# behind it: better give up and come again.
_LOCK_TIMEOUT = "1s"


class PostgresHousekeeping:
    """Each chore under a lock of its own, which whoever does not get leaves the chore to its holder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark_unfinished_executions(self, age: timedelta) -> int:
        return await self._alone("unfinished executions", "SELECT app.mark_unfinished_executions(%s)", age)

    async def delete_expired(self) -> int:
        return await self._alone("expired", "SELECT app.delete_expired()")

    async def create_log_partitions(self) -> None:
        await self._alone("log partitions", "SELECT 0 FROM app.create_log_partitions()")

    async def drop_expired_log_partitions(self) -> int:
        return await self._alone("log partitions", "SELECT app.drop_expired_log_partitions()")

    async def roll_up_usage(self) -> int:
        return await self._alone("usage", "SELECT app.roll_up_usage()")

    async def _alone(self, chore: str, statement: LiteralString, *values: object) -> int:
        """The number that the statement returns; 0 where another node is at it."""
        async with self._database.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "SELECT pg_try_advisory_xact_lock(hashtextextended('portway ' || %s, 0)),"
                " set_config('lock_timeout', %s, true)",
                [chore, _LOCK_TIMEOUT],
            )
            if (row := await cursor.fetchone()) is None or not row[0]:
                return 0
            cursor = await connection.execute(statement, values)
            row = await cursor.fetchone()
            return int(row[0]) if row is not None else 0
