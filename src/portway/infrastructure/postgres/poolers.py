"""Whether a pooler, such as PgBouncer, stands between: it may give each transaction another server."""

import psycopg
from psycopg.rows import TupleRow

# A process that a pooler started is most likely older than the client that has it now.
_YOUNG_SECONDS = 10
_OWN_PROCESS = """
SELECT pid FROM pg_stat_activity
WHERE pid = pg_backend_pid() AND backend_start > clock_timestamp() - make_interval(secs => %s)
"""


async def is_direct(connection: psycopg.AsyncConnection[TupleRow]) -> bool:
    """Whether a connection that was just made leads to the server itself.

    A pooler gives each client a process number of its own invention, as it is what a cancel request names. Some count
    upwards, and may hit upon the number of the server's process.
    """
    cursor = await connection.execute(_OWN_PROCESS, [_YOUNG_SECONDS])
    return await cursor.fetchone() == (connection.info.backend_pid,)
