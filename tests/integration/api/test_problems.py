"""What every route answers to requests that are none, or that go wrong inside."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Receive, Scope, Send

from portway.api.app import create_app
from portway.api.body_limit import MAX_BODY_BYTES
from portway.api.openapi import RawRoute
from portway.domain.errors import UpstreamTimeout
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.database import Database
from portway.infrastructure.postgres.readiness import PostgresReadiness
from portway.infrastructure.postgres.unit_of_work import unit_of_work_factory
from tests.integration.api.gateways import RunningGateway
from tests.serving import ApiClient, api_client

SIGN_IN = "/api/v2/auth/sign-in"
JSON = {"Content-Type": "application/json"}
# Not one word here, or the source line in a traceback would have it.
SECRET = "-".join(("what", "a", "caller", "sent"))


class TestBodies:
    @pytest.mark.parametrize(
        "data",
        [
            b"{",
            b"\xff",
            b'{"email": NaN}',
            b'{"email": "\\ud800"}',
            b'{"email": 1e999}',
            b"[" * 100_000 + b"]" * 100_000,
            b'{"a":' * 101 + b"1" + b"}" * 101,
            b"[]",
            b"null",
            b"",
            b'"text"',
            b"9" * 5000,
        ],
    )
    async def test_that_are_no_json_object_are_malformed(self, gateway: RunningGateway, data: bytes) -> None:
        answer = await gateway.api.post(SIGN_IN, data=data, headers=JSON)

        assert (answer.status, answer.code) == (400, "malformed_request")

    @pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "", "json"])
    async def test_of_another_type_are_malformed(self, gateway: RunningGateway, media_type: str) -> None:
        answer = await gateway.api.post(
            SIGN_IN, data=b'{"email":"a@example.com","password":"x"}', headers={"Content-Type": media_type}
        )

        assert (answer.status, answer.code) == (400, "malformed_request")

    async def test_name_each_fault_and_no_value(self, gateway: RunningGateway) -> None:
        body = {"email": 7, "password": ["the-secret-word"], "x/y~z": 1}

        answer = await gateway.api.post(SIGN_IN, body)

        assert {fault["pointer"] for fault in answer.json["errors"]} == {"/email", "/password", "/x~1y~0z"}
        assert b"the-secret-word" not in answer.content

    async def test_with_the_character_that_no_text_can_hold(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        for body, pointer in [
            ({"name": "a\0b"}, "/name"),
            ({"na\0me": "x"}, ""),
            ({"a": {"b": ["x", "\0"]}}, "/a/b/1"),
        ]:
            answer = await account.api.post("/api/v2/organizations", body)
            assert answer.json["errors"] == [
                {"pointer": pointer, "message": "The character U+0000 is not allowed."}
            ]
        assert (await account.api.get("/api/v2/organizations/%00")).code == "malformed_request"

    async def test_that_are_too_large_are_refused_by_their_length(self, gateway: RunningGateway) -> None:
        host, _, port = gateway.api.base_url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST {SIGN_IN} HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n"
        writer.write(head.encode())
        try:
            answer = await reader.readuntil(b"}")
        finally:
            writer.close()
            await writer.wait_closed()

        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"payload_too_large" in answer

    async def test_that_do_not_say_their_length_are_read_no_further_than_the_limit(
        self, gateway: RunningGateway
    ) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(MAX_BODY_BYTES // 1_000_000 + 2):
                yield b"x" * 1_000_000

        answer = await gateway.api.post(SIGN_IN, data=pieces(), headers=JSON)

        assert (answer.status, answer.code) == (413, "payload_too_large")


class TestAddresses:
    async def test_that_are_none(self, gateway: RunningGateway) -> None:
        for path in ("/nothing", "/api/v2/nothing", "/api/v2/organizations/", "/api/v1/organizations"):
            assert (await gateway.api.get(path)).code == "not_found"

    async def test_with_another_method(self, gateway: RunningGateway) -> None:
        answer = await gateway.api.delete(SIGN_IN)

        assert (answer.status, answer.code) == (405, "method_not_allowed")
        assert answer.headers["Allow"] == "POST"
        member = "/api/v2/workspaces/1/members/2"
        assert (await gateway.api.get(member)).headers["Allow"] == "DELETE, PATCH"
        assert "GET" in (await gateway.api.post("/docs")).headers["Allow"]


class TestEveryAnswer:
    async def test_has_a_request_id(self, gateway: RunningGateway) -> None:
        for path in ("/healthz", "/nothing", "/api/v2/workspaces", "/api/v2/openapi.json"):
            assert len((await gateway.api.get(path)).headers["X-Request-Id"]) == 32

    @pytest.mark.parametrize(
        ("given", "kept"), [("abc-1.2:3", True), ("a b", False), ("x" * 129, False), ("<script>", False)]
    )
    async def test_keeps_a_sane_request_id(self, gateway: RunningGateway, given: str, kept: bool) -> None:
        answer = await gateway.api.get("/healthz", headers={"X-Request-Id": given})

        assert (answer.headers["X-Request-Id"] == given) is kept
        assert len(answer.headers.getall("X-Request-Id")) == 1

    async def test_is_not_kept_framed_or_sniffed(self, gateway: RunningGateway) -> None:
        headers = (await gateway.api.get("/api/v2/workspaces")).headers

        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Strict-Transport-Security" not in headers


async def failing_app(scope: Scope, _receive: Receive, send: Send) -> None:
    if scope["query_string"] == b"domain":
        raise UpstreamTimeout
    if scope["query_string"] == b"started":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError(SECRET)


class BrokenReadiness:
    async def check(self) -> dict[str, str]:
        raise RuntimeError(SECRET)


@pytest.fixture(scope="module")
async def broken(gateway: RunningGateway) -> AsyncIterator[ApiClient]:
    """A gateway in which something is wrong: one raw route, and readiness."""
    services = replace(gateway.services, readiness=BrokenReadiness(), registry=CollectorRegistry())
    async with api_client(create_app(services, {"/raw": RawRoute(failing_app)})) as client:
        yield client


class TestFaultsOfOurOwn:
    @pytest.mark.parametrize("path", ["/readyz", "/raw"])
    async def test_tell_nothing_but_the_request_id(
        self, broken: ApiClient, path: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO):
            answer = await broken.get(path, headers={"X-Request-Id": "find-me"})

        assert (answer.status, answer.code) == (500, "internal_error")
        assert "find-me" in answer.json["detail"]
        assert SECRET.encode() not in answer.content
        assert "find-me" in caplog.text
        assert "RuntimeError" in caplog.text
        assert SECRET not in caplog.text
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    async def test_raw_routes_may_raise_what_all_others_may(self, broken: ApiClient) -> None:
        answer = await broken.get("/raw?domain")

        assert (answer.status, answer.code) == (504, "upstream_timeout")
        assert answer.headers["X-Request-Id"]

    async def test_in_the_middle_of_an_answer_cut_it_off(self, broken: ApiClient) -> None:
        with pytest.raises(Exception, match=r"payload is not completed"):
            await broken.get("/raw?started")

    async def test_raw_routes_are_counted_by_their_path(self, broken: ApiClient) -> None:
        await broken.get("/raw?domain")

        text = (await broken.get("/metrics")).content.decode()
        assert 'portway_http_requests_total{method="GET",route="/raw",status="504"}' in text


async def test_a_database_that_is_away_is_said_to_be(
    gateway: RunningGateway, database_urls: DatabaseUrls
) -> None:
    account = await gateway.account()
    never_opened = Database(database_urls.app)
    services = replace(
        gateway.services,
        unit_of_work=unit_of_work_factory(never_opened),
        readiness=PostgresReadiness(never_opened),
        registry=CollectorRegistry(),
    )
    async with api_client(create_app(services)) as client:
        answer = await client.signed_in(account.access_token).get("/api/v2/workspaces")
        ready = await client.get("/readyz")
        alive = await client.get("/healthz")

    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"
    assert (ready.status, ready.json["checks"]["database"]) == (503, "does not answer")
    assert alive.status == 200
