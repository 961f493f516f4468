"""Limits of time in a connection string."""

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from portway.infrastructure.postgres.lost_servers import with_limits


def test_what_the_url_says_itself_holds() -> None:
    url = "postgresql://ada:p%40ss%20word@one:5432,two:5433/db?target_session_attrs=read-write&keepalives_idle=60"
    found = conninfo_to_dict(with_limits(url))
    assert conninfo_to_dict(url).items() <= found.items()
    assert (found["password"], found["host"], found["keepalives_idle"]) == ("p@ss word", "one,two", "60")
    theirs = ("connect_timeout", "keepalives_interval", "keepalives_count", "tcp_user_timeout")
    assert [found[name] for name in theirs] == ["3", "5", "3", "20000"]


def test_what_libpq_cannot_read() -> None:
    with pytest.raises(psycopg.ProgrammingError):
        with_limits("postgresql://db/x?no_such=parameter")
