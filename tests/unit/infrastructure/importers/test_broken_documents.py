"""Documents in which anything may be anything: each is imported, or refused with a reason."""

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import pytest

from portway.application.importing.preparation import ImportRequest, Preparation
from portway.catalog.handlers import handlers
from portway.domain.errors import PortwayError
from portway.infrastructure.importers.kinds import preparation
from tests.unit.infrastructure.importers.documents import COLLECTION, OPENAPI, SWAGGER

DISCOVERY = json.loads(
    (files("googleapiclient.discovery_cache.documents") / "tasks.v1.json").read_text("utf-8")
)
ROUNDS, MUTATIONS = 300, 4
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, "", "x", "{", "{{x}}", "a b", "\x00", "\ud800", "ü", "#/x", "https://", "http://[", "..",
    "application/json; x", "\r\nX: y", [], [None], [[]], {}, {"": ""}, {"$ref": "#"}, {"$ref": "#/nothing"}, {"x": {}},
    {"type": []}, {"type": "array"}, {"name": 1, "in": "query"}, "POST", "key", "*/*",
)  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> Preparation:
    return preparation(handlers())


@pytest.mark.parametrize(
    "document", [DISCOVERY, COLLECTION, OPENAPI, SWAGGER], ids=["discovery", "postman", "openapi", "swagger"]
)
def test_what_is_broken_is_told(document: dict[str, Any], reader: Preparation) -> None:
    chance = random.Random(6)
    imported = 0
    for _ in range(ROUNDS):
        broken = mutated(document, chance)
        try:
            prepared = reader.prepare(ImportRequest("x", json.dumps(broken).encode(), "x.json"))
        except PortwayError:
            continue
        imported += 1
        assert all(skipped.reason for skipped in prepared.skipped)
        # All of it can be written.
        json.dumps([asdict(skipped) for skipped in prepared.skipped], ensure_ascii=False).encode()
    assert imported > ROUNDS / 4


def mutated(document: Any, chance: random.Random) -> Any:
    """Some values of it are replaced, removed or put under other names."""
    broken = copy.deepcopy(document)
    for _ in range(MUTATIONS):
        container, key = chance.choice(list(_places(broken)))
        match chance.randrange(4):
            case 0 if isinstance(container, dict):
                del container[key]
            case 1 if isinstance(container, dict):
                container[str(chance.choice(ODD))] = container.pop(key)
            case _:
                container[key] = copy.deepcopy(chance.choice(ODD))
    return broken


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield node, key
        yield from _places(value)
