"""Google's Discovery documents, which PyPI's google-api-python-client has, as integrations: all of them with
PORTWAY_LONG_TESTS=1, else some that a fixed seed chooses.
"""

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from portway.application.importing.preparation import ImportRequest, Preparation, Prepared
from portway.catalog.handlers import handlers
from portway.infrastructure.importers.google_discovery import GoogleDiscoveryImporter
from portway.infrastructure.importers.kinds import preparation

DOCUMENTS = files("googleapiclient.discovery_cache.documents")
IS_LONG = os.environ.get("PORTWAY_LONG_TESTS") == "1"
SAMPLE, SEED = 40, 20_261_125
INDEX = "index.json"
"""The list of the documents, which is none itself."""


def names() -> list[str]:
    found = sorted(file.name for file in DOCUMENTS.iterdir() if file.name.endswith(".json"))
    assert len(found) >= 600
    found.remove(INDEX)
    return found if IS_LONG else sorted(random.Random(SEED).sample(found, SAMPLE))


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
            f"\n{counted.documents} Discovery documents: {counted.operations} operations became {counted.actions}"
            f" actions; skipped: {skipped}\n"
        )


@pytest.fixture(scope="module")
def reader() -> Preparation:
    return preparation(handlers())


def content(name: str) -> bytes:
    return (DOCUMENTS / name).read_bytes()


@pytest.mark.parametrize("name", names())
def test_a_document_becomes_actions(name: str, reader: Preparation, figures: Figures) -> None:
    prepared = reader.prepare(ImportRequest("google", content(name), name))
    methods = list(_methods(json.loads(content(name))))
    acting = {_method_of(action.operation) for action in prepared.actions}
    figures.documents += 1
    figures.operations += len(methods)
    figures.actions += len(prepared.actions)
    figures.reasons.update(skipped.reason[:80] for skipped in prepared.skipped)
    assert len(acting) >= 0.95 * len(methods)
    assert len(acting) + len({_method_of(skipped.operation) for skipped in prepared.skipped} - acting) == len(
        methods
    )
    assert len({action.slug for action in prepared.actions}) == len(prepared.actions)


def test_a_document_without_operations_says_so() -> None:
    """Some versions that are no more have a document all the same."""
    assert "The document has no operations." in prepared("genomics.v1").notes


def test_the_list_of_documents_is_none() -> None:
    assert not GoogleDiscoveryImporter().recognizes(json.loads(content(INDEX)))


@cache
def prepared(name: str) -> Prepared:
    return preparation(handlers()).prepare(ImportRequest("google", content(f"{name}.json"), name))


def action(name: str, slug: str) -> Any:
    return next(one for one in prepared(name).actions if one.slug == slug)


@pytest.mark.parametrize(
    ("name", "slug", "scope"),
    [
        ("gmail.v1", "users-messages-send", "gmail.send"),
        ("gmail.v1", "users-messages-get", "gmail.readonly"),
        ("gmail.v1", "users-labels-create", "gmail.labels"),
        ("gmail.v1", "users-messages-trash", "gmail.modify"),
        ("drive.v3", "files-create", "drive.file"),
        ("drive.v3", "files-list", "drive.readonly"),
        ("calendar.v3", "events-insert", "calendar.events"),
        ("storage.v1", "objects-get", "devstorage.read_only"),
        ("storage.v1", "objects-delete", "devstorage.read_write"),
        ("compute.v1", "instances-list", "compute.readonly"),
        ("compute.v1", "instances-insert", "compute"),
    ],
)
def test_the_narrowest_scope_that_covers_all(name: str, slug: str, scope: str) -> None:
    assert action(name, slug).scopes == (f"https://www.googleapis.com/auth/{scope}",)


def test_google_asks_for_what_the_actions_need() -> None:
    config = prepared("gmail.v1").integration.auth_config
    used = {scope for one in prepared("gmail.v1").actions for scope in one.scopes}
    assert config["scopes"] == sorted(used)
    assert isinstance(config["scope_descriptions"], dict)
    assert used <= config["scope_descriptions"].keys()
    assert config["token_url"] == "https://oauth2.googleapis.com/token"


def test_only_the_scopes_of_what_is_chosen() -> None:
    request = ImportRequest("google", content("gmail.v1.json"), "x", include=("users-labels-*",))
    config = preparation(handlers()).prepare(request).integration.auth_config
    assert config["scopes"] == [
        "https://www.googleapis.com/auth/gmail.labels",
        "https://www.googleapis.com/auth/gmail.readonly",
    ]


def test_a_file_is_sent_and_fetched_by_actions_of_their_own() -> None:
    upload = action("drive.v3", "files-create-upload")
    assert (upload.http_method, upload.endpoint_path) == (
        "POST",
        "/upload/drive/v3/files?uploadType=multipart",
    )
    assert upload.transform_config["body"] == {"encoding": "multipart_related", "file": "content"}
    assert "content" in upload.request_schema["required"]
    assert "name" in upload.request_schema["properties"]
    download = action("drive.v3", "files-get-download")
    assert download.endpoint_path == "/drive/v3/files/{fileId}?alt=media"
    assert action("analytics.v3", "management-uploads-upload-data").transform_config["body"] == {
        "encoding": "raw",
        "file": "content",
    }


def test_pages_as_google_documents_them() -> None:
    assert action("drive.v3", "files-list").transform_config["pagination"] == {
        "type": "cursor",
        "items": '"files"',
        "cursor": "nextPageToken",
        "parameter": "pageToken",
    }
    assert action("drive.v3", "files-list").guesses == ()


def test_read_only_members_are_none_of_requests_and_cycles_end() -> None:
    create = action("docs.v1", "documents-batch-update")
    assert create.request_schema["$defs"]
    label = action("gmail.v1", "users-labels-create").request_schema["properties"]
    assert {"name", "labelListVisibility"} <= label.keys()
    approve = action("accessapproval.v1", "projects-update-access-approval-settings").request_schema
    assert "ancestorHasActiveKeyVersion" not in approve["properties"]


def test_a_name_in_the_path_and_in_the_body_is_told_apart() -> None:
    update = action("accessapproval.v1", "projects-update-access-approval-settings")
    assert update.endpoint_path == "/v1/{+name}"
    assert update.request_schema["properties"]["name"]["pattern"] == "^projects/[^/]+/accessApprovalSettings$"
    assert update.transform_config["locations"]["body_name"] == {"in": "body", "name": "name"}


def test_without_scopes_a_key() -> None:
    integration = prepared("kgsearch.v1").integration
    assert integration.auth_type == "api_key"
    assert integration.auth_config["credential_placement"] == [
        {"in": "query", "name": "key", "value": "{api_key}"}
    ]


def _method_of(operation: str) -> str:
    """A method has more than one action where it takes or gives files."""
    return operation.removesuffix(" (upload)").removesuffix(" (download)")


def _methods(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from node.get("methods", {}).values()
    for resource in node.get("resources", {}).values():
        yield from _methods(resource)
