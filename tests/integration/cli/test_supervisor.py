"""The supervisor, with a server that cannot start."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from portway.cli.failure import CommandFailed
from portway.cli.server.listener import listen, reserve
from portway.cli.server.supervisor import Supervisor


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """It ignores them at its end, and so would every process that a later test starts."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


async def test_a_server_that_cannot_start_ends_it(capfd: pytest.CaptureFixture[str]) -> None:
    environment = {"PATH": os.environ["PATH"]}
    supervisor = Supervisor(
        listen(reserve("127.0.0.1", 0), 1),
        environment,
        workers=1,
        on_ready=lambda: pytest.fail("it is not ready"),
    )
    with pytest.raises(CommandFailed, match=r"the server did not start \(exit status 3\)"):
        await supervisor.run()
    assert capfd.readouterr().err.startswith("portway: PORTWAY_DATABASE_URL is not set")


async def test_what_goes_wrong_beside_the_servers_ends_them() -> None:
    async def companion() -> None:
        await asyncio.sleep(0)
        raise CommandFailed("the database is gone")

    supervisor = Supervisor(
        listen(reserve("127.0.0.1", 0), 1),
        {"PATH": os.environ["PATH"]},
        workers=1,
        on_ready=lambda: None,
        companion=companion,
    )
    with pytest.raises(CommandFailed, match="the database is gone"):
        await supervisor.run()
