"""How a server that vanished without a word is noticed: one whose host died, or that a network lets nobody reach."""

import select
from collections.abc import Mapping

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

# libpq's own values are the operating system's: two hours for who waits, a quarter of an hour for who sends
# (PostgreSQL's manual, "Parameter Key Words").
_LIMITS: Mapping[str, int] = {
    # In seconds, as the next two; less than pools wait, so that the second of two hosts has its turn.
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}


def with_limits(url: str) -> str:
    """The connection string, with limits of time for whatever it says nothing of itself.

    Raises psycopg.ProgrammingError where libpq cannot read it.
    """
    own = conninfo_to_dict(url)
    return make_conninfo(url, **{name: value for name, value in _LIMITS.items() if name not in own})


async def check_unless_silent(connection: psycopg.AsyncConnection[TupleRow]) -> None:
    """For a pool's `check`: asks the server only where something came while nobody had the connection, such as its end.

    Raises psycopg.OperationalError where it does not answer any more.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)
