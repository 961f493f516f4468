"""docs/how-to/write-a-handler.md: its handler, its distribution, its row and its fixture, tried."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import msgspec
import pytest
import yaml

from portway.application.handlers.action_handler import ActionHandler
from portway.application.handlers.registry import HandlerRegistry
from portway.catalog import handlers as shipped
from portway.catalog.definitions import ActionDefinition, IntegrationDefinition
from portway.catalog.fixtures import Fixture
from portway.catalog.plugins import load_plugins
from portway.catalog.validation import validate
from portway.domain.errors import UpstreamError
from portway.domain.integration import AuthType
from portway.infrastructure.config_schema import JsonSchemaConfig
from portway.infrastructure.json_schema import JsonSchemaParameters
from tests.catalog.executions import context_of, execute
from tests.catalog.matching import Matcher
from tests.docs.documents import ROOT, codes
from tests.fakes.http_client import json_answer

DOCUMENT = "docs/how-to/write-a-handler.md"
NAME = "notes.publish_note"
ACTIONS, FIXTURES = (yaml.safe_load(code) for code in codes(DOCUMENT, "yaml"))
(ACTION,) = msgspec.convert(ACTIONS, tuple[ActionDefinition, ...])
(FIXTURE,) = msgspec.convert(FIXTURES, tuple[Fixture, ...])
INTEGRATION = IntegrationDefinition(
    "notes", "Notes", "https://notes.test/v1", AuthType.BEARER, actions=(ACTION,)
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution, built with the document's own pyproject.toml."""
    folder = tmp_path_factory.mktemp("portway-notes")
    for code in (codes(DOCUMENT, "toml")[0], codes(DOCUMENT, "python")[0]):
        (folder / code.partition("\n")[0].removeprefix("# ")).write_text(code, "utf-8")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=folder, check=True)
    (built,) = (folder / "dist").glob("portway_notes-1.0-*.whl")
    return built


@pytest.fixture
def handler(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ActionHandler]:
    """The handler, found where the distribution is installed."""
    ZipFile(wheel).extractall(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield load_plugins(()).handlers[NAME]
    del sys.modules["portway_notes"]


@pytest.fixture
def registered(handler: ActionHandler, monkeypatch: pytest.MonkeyPatch) -> Iterator[HandlerRegistry]:
    """All handlers, this one among them."""
    shipped.handlers.cache_clear()
    yield shipped.handlers()
    shipped.handlers.cache_clear()


async def test_the_row_is_valid_once_the_distribution_is_installed(registered: HandlerRegistry) -> None:
    assert ACTION.handler == NAME
    assert await validate([INTEGRATION], JsonSchemaParameters(), JsonSchemaConfig(), registered) == []
    assert (
        await validate([INTEGRATION], JsonSchemaParameters(), JsonSchemaConfig(), HandlerRegistry({})) != []
    )


async def test_the_fixture_is_what_is_sent(registered: HandlerRegistry) -> None:
    assert NAME in registered.names
    context = context_of(INTEGRATION, ACTION, FIXTURE)

    assert await execute(context, FIXTURE.execution_parameters()) == FIXTURE.data

    matcher = Matcher()
    for expected, sent in zip(FIXTURE.requests, context.requests, strict=True):
        await matcher.request(expected, sent)


async def test_an_error_says_that_the_note_is_there(handler: ActionHandler) -> None:
    context = context_of(INTEGRATION, ACTION, msgspec.structs.replace(FIXTURE, requests=()))
    context.script(json_answer({"id": "1"}), json_answer({}, 500))
    with pytest.raises(UpstreamError) as error:
        await handler(context, FIXTURE.execution_parameters())
    assert (error.value.failed_step, error.value.steps_done) == ("publish it", ("create the note",))


def test_the_list_is_where_the_document_says() -> None:
    file, _, line = codes(DOCUMENT, "python")[1].partition("\n")
    source = (ROOT / file.removeprefix("# ")).read_text(encoding="utf-8")

    assert f'"{NAME}"' in line
    assert line.partition("{")[0] in source
    for name in ("tests/catalog/test_fixtures.py", "src/portway/catalog/fixtures.py", "tests/unit/catalog"):
        assert (ROOT / name).exists()
