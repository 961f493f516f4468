"""docs/how-to/import-an-api.md: its document, imported while the gateway runs, used, and imported again."""

import json
from typing import Any

import pytest

from tests.docs.documents import ROOT, codes
from tests.docs.reader import Reader
from tests.e2e.upstreams import Upstream

DOCUMENT = "docs/how-to/import-an-api.md"
SHOP = "https://shop.example.com"
GATEWAY = 'export PORTWAY_URL="$GATEWAY"\n'


@pytest.fixture(scope="module")
def shop(first_call: Reader, service: Upstream) -> Reader:
    """The document is there, with the service's own address, and has been imported as it says."""
    (yaml,) = codes(DOCUMENT, "yaml")
    assert SHOP in yaml
    (first_call.directory / "shop.yaml").write_text(yaml.replace(SHOP, service.url))
    (first_call.directory / "token.txt").write_text("token-of-the-shop\n")
    first_call.run(_code("import shop.yaml --slug shop\n"))
    return first_call


def test_the_actions_run_at_once(shop: Reader, service: Upstream) -> None:
    connect, execute = _code("connections create").splitlines()
    made = json.loads(shop.run(connect))
    answer = json.loads(shop.run(GATEWAY + execute.replace("CONNECTION_ID", made["connection_id"])))

    assert answer["status"] == "success"
    (received,) = [one for one in service.received("/v1/orders") if one.method == "POST"]
    assert json.loads(received.body) == {"title": "Tea", "express": True}
    assert received.headers["authorization"] == "Bearer token-of-the-shop"


def test_an_upload_makes_one_of_the_organization(shop: Reader) -> None:
    report = json.loads(shop.run(GATEWAY + _code("curl")))

    assert report["organization_id"]
    assert [one["slug"] for one in report["added"]] == ["list-orders", "create-order"]


def test_every_member_of_the_report_is_described(shop: Reader) -> None:
    report = _report(shop, _code("--dry-run"))

    described = {name for name in report if f"`{name}`" in _text()}
    assert report.keys() - described <= {"slug", "organization_id", "integration_id", "members", "dry_run"}


def test_only_some_of_another_place(shop: Reader) -> None:
    report = _report(shop, _code("--include"))

    assert [one["slug"] for one in report["added"]] == ["list-orders", "create-order"]


def test_the_same_document_changes_nothing(shop: Reader) -> None:
    report = _report(shop, _code("--dry-run"))

    assert len(report["unchanged"]) == 2
    assert not any(report[name] for name in ("added", "changed", "removed", "kept", "breaking", "members"))


def _report(shop: Reader, command: str) -> dict[str, Any]:
    return dict(json.loads(shop.run(f"{command.strip()} --json")))


def _code(words: str) -> str:
    (found,) = [code for code in codes(DOCUMENT, "sh") if words in f"{code}\n"]
    return str(found)


def _text() -> str:
    return (ROOT / DOCUMENT).read_text(encoding="utf-8")
