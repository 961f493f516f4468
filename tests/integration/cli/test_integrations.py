"""`portway integrations import`, and what a second import does to rows that are there."""

import copy
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.cli.conftest import Outcome, Portway
from tests.people import as_owner, new_connection, new_person

LIST: dict[str, Any] = {
    "id": "shop.orders.list",
    "httpMethod": "GET",
    "path": "v1/{+parent}/orders",
    "flatPath": "v1/shops/{shopsId}/orders",
    "parameters": {
        "parent": {"type": "string", "location": "path", "required": True, "pattern": "^shops/[^/]+$"},
        "pageSize": {"type": "integer", "location": "query"},
    },
    "response": {"$ref": "Orders"},
}
GET: dict[str, Any] = {
    "id": "shop.orders.get",
    "httpMethod": "GET",
    "path": "v1/orders/{id}",
    "parameters": {"id": {"type": "string", "location": "path", "required": True}},
}
CREATE: dict[str, Any] = {
    "id": "shop.orders.create",
    "httpMethod": "POST",
    "path": "v1/orders",
    "request": {"$ref": "Order"},
}
DOCUMENT: dict[str, Any] = {
    "kind": "discovery#restDescription",
    "name": "shop",
    "title": "Shop API",
    "description": "Orders of a shop.",
    "rootUrl": "https://shop.example.com/",
    "servicePath": "",
    "parameters": {"key": {"type": "string", "location": "query"}},
    "schemas": {
        "Order": {"type": "object", "properties": {"title": {"type": "string"}}},
        "Orders": {"type": "object", "properties": {"orders": {"type": "array", "items": {"$ref": "Order"}}}},
    },
    "resources": {"orders": {"methods": {"list": LIST, "get": GET, "create": CREATE}}},
}


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(DOCUMENT)


class Shop:
    """Imports one document after the other under one slug."""

    def __init__(self, portway: Portway, urls: DatabaseUrls, file: Path, slug: str) -> None:
        self._portway = portway
        self.urls = urls
        self._file = file
        self.slug = slug

    def bring(self, document: Any, *options: str, status: int = 0) -> Outcome:
        self._file.write_text(json.dumps(document))
        return self._portway(
            "integrations", "import", str(self._file), "--slug", self.slug, *options, "--json", status=status
        )

    def report(self, document: Any, *options: str) -> Any:
        return self.bring(document, *options).json

    def column(self, column: str, action: str) -> Any:
        """Of an action's row."""
        query = (
            f"SELECT a.{column} FROM actions AS a JOIN integrations AS i ON i.id = a.integration_id"
            " WHERE i.slug = %s AND a.slug = %s"
        )
        rows = as_owner(self.urls, query, self.slug, action)
        return rows[0][0] if rows else None

    def change(self, column: str, action: str, value: str) -> None:
        """As a person does."""
        as_owner(
            self.urls,
            f"UPDATE actions AS a SET {column} = %s FROM integrations AS i"
            " WHERE i.id = a.integration_id AND i.slug = %s AND a.slug = %s",
            value,
            self.slug,
            action,
        )

    def execute(self, action: str) -> None:
        """As if somebody had executed it a moment ago."""
        person = new_person(self.urls)
        integration = as_owner(self.urls, "SELECT id FROM integrations WHERE slug = %s", self.slug)[0][0]
        connection = new_connection(self.urls, person, integration)
        as_owner(
            self.urls,
            "INSERT INTO api_logs (id, executed_at, status, connection_id, integration_id, action_id, deadline)"
            " VALUES (app.uuid_v7(), now(), 'success', %s, %s, %s, now())",
            connection,
            integration,
            self.column("id", action),
        )


@pytest.fixture
def shop(portway: Portway, database: DatabaseUrls, tmp_path: Path, request: pytest.FixtureRequest) -> Shop:
    slug = request.node.name.removeprefix("test_").replace("_", "-")[:90]
    return Shop(portway, database, tmp_path / "shop.json", slug)


def slugs(found: list[dict[str, Any]]) -> list[str]:
    return sorted(one["slug"] for one in found)


def test_an_integration_of_a_file(shop: Shop, document: dict[str, Any]) -> None:
    report = shop.report(document)
    assert report["created"] is True
    assert slugs(report["added"]) == ["orders-create", "orders-get", "orders-list"]
    row = as_owner(
        shop.urls,
        "SELECT id::text, organization_id, name, base_url, auth_type, description, shipped FROM integrations"
        " WHERE slug = %s",
        shop.slug,
    )[0]
    assert row == (
        report["integration_id"], None, "Shop API", "https://shop.example.com", "api_key", "Orders of a shop.", False,
    )  # fmt: skip
    assert shop.column("endpoint_path", "orders-list") == "/v1/{+parent}/orders"
    assert "scopes" in shop.column("imported", "orders-list")["digests"]


def test_for_people_and_with_an_organization(shop: Shop, portway: Portway, document: dict[str, Any]) -> None:
    person = new_person(shop.urls)
    document["resources"]["orders"]["methods"]["get"]["httpMethod"] = "PURGE"
    shop.bring(document, "--organization", str(person.organization_id), "--name", "Mine")
    shown = portway(
        "integrations", "import", str(shop._file), "--slug", shop.slug, "--dry-run",
        "--organization", str(person.organization_id),
    )  # fmt: skip
    lines = shown.output.splitlines()
    assert lines[0] == f"Integration {shop.slug} would be brought up to date."
    assert lines[1] == "Actions: 0 added, 0 changed, 2 unchanged, 0 removed, 1 skipped."
    assert "  PURGE /v1/orders/{id} has a method that is none of ours, 'PURGE'" in lines
    owners = as_owner(shop.urls, "SELECT organization_id FROM integrations WHERE slug = %s", shop.slug)
    assert owners == [(person.organization_id,)]


def test_for_nobody(shop: Shop, document: dict[str, Any]) -> None:
    nobody = "01a2137b-871e-772b-b7dd-df70b340ddc6"
    assert (
        shop.bring(document, "--organization", nobody, status=1).complaint
        == f"there is no organization {nobody}"
    )


def test_a_shipped_integration_of_the_slug_makes_way(shop: Shop, document: dict[str, Any]) -> None:
    as_owner(
        shop.urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type, shipped)"
        " VALUES ('S', %s, 'https://s', 'none', true)",
        shop.slug,
    )
    assert shop.report(document)["created"] is True
    rows = as_owner(
        shop.urls, "SELECT slug, shipped FROM integrations WHERE slug LIKE %s ORDER BY 1", f"{shop.slug}%"
    )
    assert rows == [(shop.slug, False), (f"{shop.slug}-shipped", True)]


def test_an_action_that_was_deleted_comes_back(shop: Shop, document: dict[str, Any]) -> None:
    shop.report(document)
    as_owner(shop.urls, "DELETE FROM actions WHERE id = %s", shop.column("id", "orders-get"))
    assert slugs(shop.report(document)["added"]) == ["orders-get"]


def test_the_same_document_changes_nothing(shop: Shop, document: dict[str, Any]) -> None:
    shop.report(document)
    versions = shop.column("version", "orders-list")
    report = shop.report(document)
    assert slugs(report["unchanged"]) == ["orders-create", "orders-get", "orders-list"]
    assert not any(
        report[name] for name in ("created", "members", "added", "changed", "removed", "kept", "breaking")
    )
    assert shop.column("version", "orders-list") == versions


def test_a_dry_run_stores_nothing(shop: Shop, document: dict[str, Any]) -> None:
    report = shop.report(document, "--dry-run")
    assert (report["integration_id"], len(report["added"])) == (None, 3)
    assert as_owner(shop.urls, "SELECT id FROM integrations WHERE slug = %s", shop.slug) == []
    shop.report(document)
    document["resources"]["orders"]["methods"]["list"]["description"] = "All of them."
    assert slugs(shop.report(document, "--dry-run")["changed"]) == ["orders-list"]
    assert shop.column("description", "orders-list") == ""


def test_a_changed_operation_keeps_its_slug_whatever_it_is_called_now(
    shop: Shop, document: dict[str, Any]
) -> None:
    shop.report(document)
    before = shop.column("id", "orders-list")
    document["resources"]["orders"]["methods"]["list"] |= {
        "id": "shop.orders.search",
        "description": "Finds orders.",
    }
    report = shop.report(document)
    assert report["changed"] == [
        {
            "slug": "orders-list",
            "operation": "GET /v1/shops/{shopsId}/orders",
            "name": "Search orders",
            "description": "Finds orders.",
            "http_method": "GET",
            "endpoint_path": "/v1/{+parent}/orders",
            "members": ["name", "description"],
        }
    ]
    assert report["added"] == report["removed"] == []
    assert shop.column("id", "orders-list") == before
    assert shop.column("name", "orders-list") == "Search orders"


def test_an_operation_that_moves_is_the_same_action(shop: Shop, document: dict[str, Any]) -> None:
    shop.report(document)
    before = shop.column("id", "orders-get")
    document["resources"]["orders"]["methods"]["get"]["path"] = "v2/orders/{id}"
    report = shop.report(document)
    assert [(one["slug"], one["members"]) for one in report["changed"]] == [("orders-get", ["endpoint_path"])]
    assert (report["added"], report["removed"], report["breaking"]) == ([], [], [])  # nobody has executed it
    assert shop.column("id", "orders-get") == before
    assert shop.column("imported", "orders-get")["operation"] == "GET /v2/orders/{id}"


def test_what_breaks_an_action_in_use_is_said(shop: Shop, document: dict[str, Any]) -> None:
    shop.report(document)
    for action in ("orders-get", "orders-list", "orders-create"):
        shop.execute(action)
    methods = document["resources"]["orders"]["methods"]
    methods["get"]["path"] = "v2/orders/{id}"
    methods["list"]["parameters"]["state"] = {"type": "string", "location": "query", "required": True}
    del methods["list"]["parameters"]["pageSize"]
    del methods["create"]
    report = shop.report(document, "--prune")
    assert {one["action"]: one["reason"] for one in report["breaking"]} == {
        "orders-get": "Its path was /v1/orders/{id} and is /v2/orders/{id}.",
        "orders-list": "It needs `state`; it does not take `pageSize` any more.",
        "orders-create": "It is deleted, since the document has it no longer.",
    }


def test_an_operation_that_is_gone_is_kept_unless_pruned(shop: Shop, document: dict[str, Any]) -> None:
    shop.report(document)
    del document["resources"]["orders"]["methods"]["create"]
    gone = {
        "slug": "orders-create", "operation": "POST /v1/orders", "name": "Create orders", "description": "",
        "http_method": "POST", "endpoint_path": "/v1/orders",
    }  # fmt: skip
    assert shop.report(document)["removed"] == [gone | {"deleted": False}]
    assert shop.column("slug", "orders-create") == "orders-create"
    assert shop.report(document, "--prune")["removed"] == [gone | {"deleted": True}]
    assert shop.column("slug", "orders-create") is None


def test_actions_of_a_persons_own_stay(shop: Shop, document: dict[str, Any]) -> None:
    del document["resources"]["orders"]["methods"]["create"]
    report = shop.report(document)
    as_owner(
        shop.urls,
        "INSERT INTO actions (integration_id, name, slug) VALUES (%s, 'Mine', 'orders-create')",
        report["integration_id"],
    )
    document["resources"]["orders"]["methods"]["create"] = CREATE
    second = shop.report(document, "--prune")
    (added,) = second["added"]
    assert added["operation"] == "POST /v1/orders"
    assert added["slug"].startswith("orders-create-")
    assert shop.column("name", "orders-create") == "Mine"
    assert second["removed"] == []
    assert slugs(shop.report(document)["unchanged"]) == sorted(["orders-get", "orders-list", added["slug"]])


def test_what_a_person_changed_stays_and_is_told_where_the_document_changed_too(
    shop: Shop, document: dict[str, Any]
) -> None:
    shop.report(document)
    shop.change("name", "orders-list", "All orders")
    shop.change("description", "orders-list", "Ours.")
    report = shop.report(document)
    assert (report["changed"], report["kept"]) == ([], [])
    document["resources"]["orders"]["methods"]["list"]["description"] = "Theirs."
    document["resources"]["orders"]["methods"]["list"]["parameters"]["page"] = {
        "type": "integer",
        "location": "query",
    }
    report = shop.report(document)
    assert report["kept"] == [{"action": "orders-list", "member": "description"}]
    assert [one["members"] for one in report["changed"]] == [["request_schema"]]
    assert shop.column("name", "orders-list") == "All orders"
    assert shop.column("description", "orders-list") == "Ours."
    assert "page" in shop.column("request_schema", "orders-list")["properties"]
    # It has been told; the next one has nothing new.
    assert shop.report(document)["kept"] == []
    assert shop.column("description", "orders-list") == "Ours."


def test_a_change_that_does_not_go_with_a_persons_is_not_made(shop: Shop, document: dict[str, Any]) -> None:
    shop.report(document)
    shop.change("transform_config", "orders-get", '{"locations": {"id": "path"}}')
    document["resources"]["orders"]["methods"]["get"]["path"] = "v1/orders/{orderId}"
    report = shop.report(document)
    (skipped,) = report["skipped"]
    assert "does not go together with what was changed by hand" in skipped["reason"]
    assert shop.column("endpoint_path", "orders-get") == "/v1/orders/{id}"


def test_the_integration_itself_is_treated_alike(shop: Shop, document: dict[str, Any]) -> None:
    shop.report(document)
    as_owner(shop.urls, "UPDATE integrations SET name = 'Our shop' WHERE slug = %s", shop.slug)
    document |= {"title": "Shop API 2", "description": "New.", "rootUrl": "https://shop2.example.com/"}
    report = shop.report(document)
    assert sorted(report["members"]) == ["base_url", "description"]
    assert report["kept"] == [{"action": None, "member": "name"}]
    assert [one["action"] for one in report["breaking"]] == [None]
    report = shop.report(document, "--name", "Asked for", "--base-url", "https://proxy.example.com/shop/")
    assert sorted(report["members"]) == ["base_url", "name"]
    row = as_owner(shop.urls, "SELECT name, base_url FROM integrations WHERE slug = %s", shop.slug)[0]
    assert row == ("Asked for", "https://proxy.example.com/shop")


def test_only_some(shop: Shop, document: dict[str, Any]) -> None:
    assert slugs(shop.report(document, "--include", "orders-[lg]*")["added"]) == ["orders-get", "orders-list"]
    report = shop.report(document, "--include", "POST *", "--prune")
    assert slugs(report["added"]) == ["orders-create"]
    # What was not asked for is in the document all the same.
    assert (report["removed"], report["unchanged"]) == ([], [])
    assert "/include" in shop.bring(document, "--include", "nothing", status=1).complaint


def test_what_cannot_be_imported(
    shop: Shop, portway: Portway, document: dict[str, Any], tmp_path: Path
) -> None:
    assert "of no kind" in shop.bring({"hello": "world"}, status=1).complaint
    assert "an object" in shop.bring([], status=1).complaint
    assert "cannot read" in portway("integrations", "import", "/nowhere", "--slug", "x", status=1).complaint
    shop.bring(document)
    refused = portway("integrations", "import", str(shop._file), "--slug", "No slug", status=1).complaint
    assert refused.startswith("malformed_request")
    as_owner(
        shop.urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type) VALUES ('A', 'a', 'https://a', 'none')",
    )
    assert portway("integrations", "import", str(shop._file), "--slug", "a", status=1).complaint.startswith(
        "conflict: There is an integration 'a' that was not imported"
    )


def test_from_a_url_whose_query_is_not_kept(shop: Shop, portway: Portway, document: dict[str, Any]) -> None:
    content = json.dumps(document).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path.endswith("s3cret") else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/shop.json"
        portway("integrations", "import", f"{url}?token=s3cret", "--slug", shop.slug)
        refused = portway("integrations", "import", url, "--slug", shop.slug, status=1).complaint
        server.shutdown()
    assert "status 404" in refused
    source = as_owner(shop.urls, "SELECT imported ->> 'source' FROM integrations WHERE slug = %s", shop.slug)
    assert source == [(url,)]
