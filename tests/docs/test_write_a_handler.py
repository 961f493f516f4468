"""docs/how-to/write-a-handler.md: its handler and its row, tried."""

from dataclasses import dataclass
from types import ModuleType
from uuid import UUID

import msgspec
import pytest
import yaml

from portway.application.handlers.action_handler import ActionHandler
from portway.application.handlers.registry import HandlerRegistry
from portway.catalog.definitions import ActionDefinition, IntegrationDefinition
from portway.catalog.validation import validate
from portway.domain.integration import AuthType
from portway.infrastructure.json_schema import JsonSchemaParameters
from tests.docs.documents import ROOT, codes
from tests.unit.catalog.contexts import ANSWER, RecordingContext

DOCUMENT = "docs/how-to/write-a-handler.md"
NAME = "notes.upload_note"


@dataclass(frozen=True)
class Documented:
    """What the document adds to Portway."""

    handler: ActionHandler
    integration: IntegrationDefinition

    @property
    def action(self) -> ActionDefinition:
        return self.integration.actions[0]


@pytest.fixture(scope="module")
def documented() -> Documented:
    module = ModuleType("upload_note")
    exec(compile(codes(DOCUMENT, "python")[0], DOCUMENT, "exec"), module.__dict__)
    rows = yaml.safe_load(codes(DOCUMENT, "yaml")[0])
    actions = msgspec.convert(rows, tuple[ActionDefinition, ...])
    integration = IntegrationDefinition(
        "notes", "Notes", "https://notes.test/v1", AuthType.BEARER, actions=actions
    )
    return Documented(module.upload_note, integration)


async def test_the_handler_sends_the_note(documented: Documented) -> None:
    context = RecordingContext(
        documented.integration.integration(UUID(int=1)),
        documented.action.action(UUID(int=2), UUID(int=1)),
    )

    answer = await documented.handler(context, {"title": "a note", "text": "Grüße"})

    assert answer is ANSWER
    (request,) = context.requests
    assert (request.method, request.url) == ("PUT", "https://notes.test/v1/notes/a%20note")
    assert request.headers["content-type"] == "text/plain; charset=utf-8"
    assert request.body == "Grüße".encode()


async def test_the_row_is_valid_once_the_handler_is_registered(documented: Documented) -> None:
    registered = HandlerRegistry({NAME: documented.handler})

    assert documented.action.handler == NAME
    assert await validate([documented.integration], JsonSchemaParameters(), registered) == []
    assert await validate([documented.integration], JsonSchemaParameters(), HandlerRegistry({})) != []


def test_the_registry_is_where_the_document_says() -> None:
    file, _, line = codes(DOCUMENT, "python")[1].partition("\n")

    assert line.startswith("return HandlerRegistry({")
    assert f'"{NAME}"' in line
    assert "return HandlerRegistry({" in (ROOT / file.removeprefix("# ")).read_text(encoding="utf-8")
