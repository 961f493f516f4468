"""Whether the database answers and has this version's migrations."""

import asyncio
from collections.abc import Mapping

from portway.domain.errors import PortwayError
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.migrations import all_migrations

_PATIENCE_SECONDS = 3.0


class PostgresReadiness:
    """Asks over the same pool as every request, so that it also tells when that is exhausted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wanted = {migration.number for migration in all_migrations()}

    async def check(self) -> Mapping[str, str]:
        """See the port."""
        asked = asyncio.create_task(self._applied())
        try:
            # The driver takes longer to give up: it asks the server to stop.
            await asyncio.wait((asked,), timeout=_PATIENCE_SECONDS)
            applied = asked.result()
        except (asyncio.InvalidStateError, PortwayError):
            return {"database": "does not answer", "migrations": "unknown"}
        finally:
            asked.cancel()
        if applied is None:
            return {"database": "ok", "migrations": "none are applied; run: portway migrate"}
        missing = self._wanted - applied
        return {
            "database": "ok",
            "migrations": f"{len(missing)} are missing; run: portway migrate" if missing else "ok",
        }

    async def _applied(self) -> set[int] | None:
        """Their numbers; None where there is no such table yet."""
        async with self._database.connection() as connection:
            cursor = await connection.execute("SELECT to_regclass('app.migrations') IS NOT NULL")
            if await cursor.fetchone() != (True,):
                return None
            cursor = await connection.execute("SELECT number FROM app.migrations")
            return {row[0] for row in await cursor.fetchall()}
