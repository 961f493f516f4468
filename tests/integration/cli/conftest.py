"""Commands against a database of the test module's own."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from portway.cli.main import run
from portway.infrastructure.embedded_postgres import DatabaseUrls


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    status: int
    output: str
    messages: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.output)

    @property
    def complaint(self) -> str:
        """The one line that an error is told in; fails where it was more, or none."""
        assert self.status != 0
        lines = self.messages.splitlines()
        assert len(lines) == 1, self.messages
        assert lines[0].startswith("portway: ")
        return lines[0].removeprefix("portway: ")


Portway = Callable[..., Outcome]


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the developer's own variables."""
    for name in list(os.environ):
        if name.startswith(("PORTWAY_", "XDG_")):
            monkeypatch.delenv(name)


@pytest.fixture
def portway(plain_environment: None, capfd: pytest.CaptureFixture[str]) -> Portway:
    """Runs a command in this process; by default it must succeed."""

    def command(*arguments: str, status: int | None = 0) -> Outcome:
        capfd.readouterr()
        ended = run(arguments)
        output, messages = capfd.readouterr()
        assert status is None or ended == status, messages
        return Outcome(ended, output, messages)

    return command


@pytest.fixture
def database(
    plain_environment: None, monkeypatch: pytest.MonkeyPatch, database_urls: DatabaseUrls
) -> DatabaseUrls:
    """The module's database, as the environment names it."""
    monkeypatch.setenv("PORTWAY_DATABASE_URL", database_urls.app)
    monkeypatch.setenv("PORTWAY_ADMIN_DATABASE_URL", database_urls.admin)
    monkeypatch.setenv("PORTWAY_SIGN_IN_DATABASE_URL", database_urls.sign_in)
    monkeypatch.setenv("PORTWAY_WORKER_DATABASE_URL", database_urls.worker)
    return database_urls
