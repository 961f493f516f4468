"""API keys on PostgreSQL; of the key itself only the SHA-256 is there."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from portway.application.ports.tenancy_records import CreatedApiKey
from portway.domain.errors import Forbidden, NotFound
from portway.domain.principal import ApiKey
from portway.domain.rate_limit import RequestLimit
from portway.infrastructure.postgres.database import Connection
from portway.infrastructure.postgres.rows import request_limits_from
from portway.infrastructure.postgres.statements import rows_of

_SHOWN = """
SELECT k.id, k.name, k.prefix, k.scopes, k.workspace_id, k.created_at, k.expires_at, k.last_used_at, k.revoked_at,
    k.rate_limits
FROM public.api_keys AS k
"""
_LIST = sql.SQL(
    _SHOWN
    + """
WHERE (%(after)s::uuid IS NULL OR k.id > %(after)s) AND (%(include_revoked)s OR k.revoked_at IS NULL)
ORDER BY k.id LIMIT %(limit)s
"""
)
_GET = sql.SQL(_SHOWN + "WHERE k.id = %s")
_CREATE = sql.SQL("""
SELECT id, api_key FROM app.create_api_key(current_setting('portway.pass'), %s, %s::text[], %s, %s, %s)
""")
# A second time changes nothing: the first is when it ended.
_REVOKE = sql.SQL("""
UPDATE public.api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = %s RETURNING id
""")


class PostgresApiKeyRepository:
    """The API keys that row-level security lets the transaction's caller see."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list(self, *, after: UUID | None, limit: int, include_revoked: bool = True) -> Sequence[ApiKey]:
        values = {"after": after, "limit": limit, "include_revoked": include_revoked}
        rows = await rows_of(self._connection, _LIST, values)
        return [_api_key(row) for row in rows]

    async def get(self, api_key_id: UUID) -> ApiKey:
        rows = await rows_of(self._connection, _GET, [api_key_id])
        if not rows:
            raise NotFound("You have no such API key.")
        return _api_key(rows[0])

    async def create(
        self,
        name: str,
        *,
        scopes: Sequence[str] | None,
        workspace_id: UUID | None,
        expires_at: datetime | None,
        rate_limits: Sequence[RequestLimit] = (),
    ) -> CreatedApiKey:
        limits = Jsonb([asdict(limit) for limit in rate_limits])
        values = [name, None if scopes is None else [*scopes], workspace_id, expires_at, limits]
        row = (await rows_of(self._connection, _CREATE, values))[0]
        return CreatedApiKey(await self.get(row["id"]), row["api_key"])

    async def revoke(self, api_key_id: UUID) -> None:
        await self.get(api_key_id)
        if not await rows_of(self._connection, _REVOKE, [api_key_id]):
            raise Forbidden("This key may not be revoked by you.")


def _api_key(row: dict[str, Any]) -> ApiKey:
    return ApiKey(
        **row | {"scopes": tuple(row["scopes"]), "rate_limits": request_limits_from(row["rate_limits"])}
    )
