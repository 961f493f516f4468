"""Handlers of other distributions, installed for real: a `.dist-info` folder and a module on the path."""

import logging
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portway.application.handlers.registry import HandlerRegistry
from portway.catalog.handlers import SHIPPED, handlers
from portway.catalog.plugins import load_plugins
from portway.domain.errors import Conflict, InvalidIntegrationConfig
from tests.fakes.action_context import ANSWER
from tests.unit.catalog.contexts import shipped

Install = Callable[[str, str, str], None]

NOTES = """
async def upload_note(context, parameters):
    return await context.send(context.build(parameters))
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a distribution: its name, its entry points (`name = module:object`, a line each), its module's code."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def install_one(distribution: str, entry_points: str, code: str) -> None:
        module = distribution.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(code, "utf-8")
        folder = tmp_path / f"{module}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n", "utf-8"
        )
        (folder / "entry_points.txt").write_text(f"[portway.handlers]\n{entry_points}\n", "utf-8")

    yield install_one
    for name in set(sys.modules) - before:
        del sys.modules[name]
    handlers.cache_clear()


async def test_a_row_can_name_a_handler_of_another_distribution(install: Install) -> None:
    install("acme-notes", "notes.upload_note = acme_notes:upload_note", NOTES)
    handlers.cache_clear()

    registry = handlers()

    assert set(registry.names) == {*SHIPPED, "notes.upload_note"}
    context = shipped("gmail", "list-messages")
    assert await registry.get("notes.upload_note")(context, {"q": "a"}) is ANSWER
    assert context.requests[0].url.endswith("/messages?q=a")


def test_the_distributions_are_read_once(install: Install) -> None:
    handlers.cache_clear()
    before = handlers()
    install("acme-notes", "notes.upload_note = acme_notes:upload_note", NOTES)
    assert handlers() is before


def test_a_name_of_portways_own_is_taken(install: Install) -> None:
    install("acme-mail", "gmail.send_email = acme_mail:upload_note", NOTES)
    handlers.cache_clear()
    with pytest.raises(Conflict, match=r"'gmail\.send_email'.*'acme-mail'.*Portway itself"):
        handlers()


def test_two_distributions_cannot_share_a_name(install: Install) -> None:
    install("acme-one", "notes.upload = acme_one:upload_note", NOTES)
    install("acme-two", "notes.upload = acme_two:upload_note", NOTES)
    with pytest.raises(Conflict, match=r"'notes\.upload'.*acme-(one|two).*acme-(one|two)"):
        load_plugins(())


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        ("raise RuntimeError('no licence')", "RuntimeError", "no licence"),
        ("import there_is_no_such_module", "ModuleNotFoundError", "there_is_no_such_module"),
        ("import sys; sys.exit('no licence')", "SystemExit", "no licence"),
        ("", "AttributeError", "upload_note"),
        ("upload_note = 'a text'", "TypeError", "is no function"),
        ("class upload_note: pass", "TypeError", "is no function"),
    ],
)
def test_a_broken_one_stops_nobody_else(
    install: Install, code: str, kind: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    install("acme-broken", "broken.upload = acme_broken:upload_note", code)
    install("acme-notes", "notes.upload_note = acme_notes:upload_note", NOTES)

    with caplog.at_level(logging.ERROR):
        plugins = load_plugins(())

    assert set(plugins.handlers) == {"notes.upload_note"}
    registry = HandlerRegistry(plugins.handlers, plugins.broken)
    assert registry.names == ("notes.upload_note",)
    with pytest.raises(
        InvalidIntegrationConfig, match=f"broken.upload.*acme-broken.*{kind}; the log"
    ) as told:
        registry.get("broken.upload")
    assert text not in told.value.detail
    assert re.search(f"'broken.upload'.*'acme-broken'.*{kind}: .*{text}", caplog.text)
