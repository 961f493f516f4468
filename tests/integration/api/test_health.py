"""Health, metrics, the OpenAPI document and the reference page."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.readiness import PostgresReadiness
from tests.integration.api.gateways import RunningGateway


async def test_liveness_asks_nobody(gateway: RunningGateway) -> None:
    answer = await gateway.api.get("/healthz")

    assert (answer.status, answer.json) == (200, {"status": "ok"})


class TestReadiness:
    async def test_with_everything_there(self, gateway: RunningGateway) -> None:
        answer = await gateway.api.get("/readyz")

        assert answer.status == 200
        assert answer.json == {"status": "ready", "checks": {"database": "ok", "migrations": "ok"}}

    async def test_without_migrations(self, empty_database_urls: DatabaseUrls) -> None:
        database = Database(empty_database_urls.app)
        await database.open()
        try:
            checks = await PostgresReadiness(database).check()
        finally:
            await database.close()

        assert checks["database"] == "ok"
        assert "portway migrate" in checks["migrations"]


class TestMetrics:
    async def test_count_by_route_and_never_by_what_a_caller_chose(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        await account.api.get(f"/api/v2/workspaces/{account.workspace_id}")
        await gateway.api.get("/made-up-by-somebody")
        await gateway.api.request("PROPFIND", "/healthz")

        answer = await gateway.api.get("/metrics")

        text = answer.content.decode()
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        route = "/api/v2/workspaces/{workspace_id}"
        assert f'portway_http_requests_total{{method="GET",route="{route}",status="200"}}' in text
        assert (
            f'portway_http_request_duration_seconds_bucket{{le="0.1",method="GET",route="{route}"}}' in text
        )
        assert 'route="unmatched",status="404"' in text
        assert 'method="other"' in text
        assert account.workspace_id not in text
        assert "made-up" not in text


class TestOpenApi:
    async def test_says_what_each_route_answers(self, gateway: RunningGateway) -> None:
        answer = await gateway.api.get("/api/v2/openapi.json")

        document = answer.json
        assert document["openapi"].startswith("3.1")
        assert "HTTPValidationError" not in answer.content.decode()
        schemas = document["components"]["schemas"]
        operations = [
            (path, operation) for path, item in document["paths"].items() for operation in item.values()
        ]
        for path, operation in operations:
            for status, response in operation["responses"].items():
                if int(status) >= 400 and path != "/readyz":
                    assert "application/problem+json" in response["content"], (path, status)
            if path.startswith("/api/v2/"):
                assert {"400", "401", "500", "503"} <= operation["responses"].keys()
        for reference in set(re.findall(r'"#/components/schemas/([^"]+)"', answer.content.decode())):
            assert reference in schemas
        ids = [operation["operationId"] for _, operation in operations]
        assert len(ids) == len(set(ids))

    async def test_names_who_may_come_in(self, gateway: RunningGateway) -> None:
        document = (await gateway.api.get("/api/v2/openapi.json")).json

        assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
        assert document["paths"]["/api/v2/workspaces"]["get"]["security"] == [{"bearer": []}]
        assert "security" not in document["paths"]["/api/v2/auth/sign-in"]["post"]


class Page(HTMLParser):
    """What a browser would load, and where links within the page lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in {"script", "link", "img", "iframe"}:
            self.loaded.append(tag)
        if values.get("id"):
            self.ids.add(str(values["id"]))
        if tag == "a":
            self.links.append(str(values["href"]))


class TestReferencePage:
    async def test_stands_by_itself(self, gateway: RunningGateway) -> None:
        answer = await gateway.api.get("/docs")

        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        text = answer.content.decode()
        page = Page(text)
        assert page.loaded == []
        assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
        style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
        assert style is not None
        expected = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        assert f"style-src 'sha256-{expected}'" in answer.headers["Content-Security-Policy"]

    @pytest.mark.parametrize(
        "words", ["/api/v2/workspaces/{workspace_id}/members", "create_api_key", "reauthorization_required"]
    )
    async def test_tells_of_everything(self, gateway: RunningGateway, words: str) -> None:
        assert words in (await gateway.api.get("/docs")).content.decode()

    async def test_is_where_problems_are_explained(self, gateway: RunningGateway) -> None:
        problem = (await gateway.api.get("/nothing")).json
        path, _, anchor = problem["type"].partition("#")

        assert anchor in Page((await gateway.api.get(path)).content.decode()).ids
