"""No secret is ever found where it does not belong: log rows, server logs, errors, metrics, dumps of the database."""

import asyncio
import base64
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web

from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.embedded_postgres.binaries import find_binaries
from tests.e2e.gateways import Gateway, serving
from tests.e2e.upstreams import Answer, Received, Upstream, respond
from tests.e2e.worlds import Member, World, secret
from tests.people import as_owner

AWKWARD = "k/e+y=\"'&<ü>% x"
"""Characters that JSON, HTML, URLs and forms write otherwise."""


class Vault:
    """The secrets of this module, and all that must not hold one."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}

    def new(self, kind: str, *, is_awkward: bool = False) -> str:
        """A secret that is looked for from now on."""
        return self.keep(secret(kind) + (AWKWARD if is_awkward else ""), kind)

    def keep(self, value: str, kind: str) -> str:
        """Somebody else's secret that is looked for from now on."""
        self._secrets[value] = kind
        return value

    def items(self) -> Iterator[tuple[str, str]]:
        """Each with its kind."""
        yield from self._secrets.items()

    def found_in(self, text: str) -> set[str]:
        """Kinds of the secrets that the text holds, written in whatever way."""
        return {
            f"{kind} as {form}"
            for value, kind in self._secrets.items()
            for form, written in forms(value)
            if written in text
        }


def forms(value: str) -> Iterator[tuple[str, str]]:
    yield "itself", value
    yield "JSON", json.dumps(value)[1:-1]
    yield "JSON in Unicode", json.dumps(value, ensure_ascii=False)[1:-1]
    yield "JSON twice", json.dumps(json.dumps(value)[1:-1])[1:-1]
    yield "URL", quote(value, safe="")
    yield "form", quote_plus(value)
    yield "path", quote(value)
    yield "URL with small digits", re.sub("%..", lambda match: match[0].lower(), quote(value, safe=""))
    yield "HTML", html.escape(value)
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + value.encode()).rstrip(b"=").decode()
        # The first and the last digit have something of the neighbours in them.
        yield f"base64 at {shift}", encoded[shift + 1 if shift else 0 : -1]


@pytest.fixture(scope="module")
def vault() -> Vault:
    return Vault()


@pytest.fixture(scope="module")
def verbose_gateway(database_urls: DatabaseUrls) -> Iterator[Gateway]:
    with serving(
        database_urls, environment={"PORTWAY_LOG_LEVEL": "debug", "PORTWAY_SIGN_UP": "open"}
    ) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def verbose(
    database_urls: DatabaseUrls, verbose_gateway: Gateway, upstream: Upstream, http: aiohttp.ClientSession
) -> World:
    """A gateway that logs all it can, on a database of its own."""
    return World(database_urls, verbose_gateway, upstream, http)


@pytest.fixture(scope="module")
def eve(verbose: World, vault: Vault) -> Member:
    eve = verbose.person("eve")
    vault.keep(eve.api_key, "API key")
    vault.keep(eve.sealed_pass, "pass")
    return eve


@pytest.fixture(autouse=True)
def nothing_leaks(verbose: World, vault: Vault) -> Iterator[None]:
    """After each test: neither the log rows nor the server's log hold any secret."""
    yield
    rows = json.dumps(verbose.logs(), default=str, ensure_ascii=False)
    assert vault.found_in(rows) == set()
    assert vault.found_in(verbose.gateway.log_bytes().decode()) == set()


def everything(received: Received) -> str:
    """What came, as a careless service writes it into an error."""
    sent = {"url": received.path, "query": received.query, "headers": received.headers}
    return json.dumps(sent | {"body": received.body.decode()}, ensure_ascii=False)


def echoes() -> dict[str, Answer]:
    """Services that give away what they were sent, each in its own way."""

    def echo(make: Any) -> Answer:
        async def answer(received: Received) -> web.StreamResponse:
            response: web.StreamResponse = make(received, everything(received))
            return response

        return answer

    def header(received: Received, _: str) -> web.Response:
        token = received.headers.get("authorization", "").encode("ascii", "replace").decode()
        fields = {"WWW-Authenticate": f'Bearer error="{token}"', "X-Request-Id": token, "Retry-After": token}
        return web.Response(status=401, headers=fields)

    return {
        "json": echo(lambda _, text: web.Response(text=text, content_type="application/json")),
        "json-in-json": echo(lambda _, text: web.json_response({"said": text, "again": [json.dumps(text)]})),
        "names": echo(lambda received, _: web.json_response(dict.fromkeys(received.headers.values(), 1))),
        "text": echo(lambda _, text: web.Response(text=text)),
        "html": echo(lambda _, text: web.Response(text=html.escape(text), content_type="text/html")),
        "form": echo(lambda _, text: web.Response(text=f"e={quote_plus(text)}", content_type="text/plain")),
        "url": echo(lambda _, text: web.Response(text=quote(text, safe="").replace("%2F", "%2f"))),
        "error": echo(lambda _, text: web.Response(status=400, text=text, content_type="application/json")),
        "text-error": echo(lambda _, text: web.Response(status=500, text=text)),
        "lying-error": echo(lambda _, text: web.Response(status=500, text=text + "}", content_type="application/json")),
        "header": echo(header),
        "file": echo(lambda _, text: web.Response(body=b"\0\xff" + text.encode(), content_type="image/png")),
        "file-name": echo(lambda received, _: web.Response(body=b"\0", headers={
            "Content-Type": "image/png", "Content-Disposition": "attachment; filename*=UTF-8''"
            + quote(received.headers.get("authorization", "none"), safe="")})),
        "long": echo(lambda _, text: web.json_response({"pad": "x" * 16_000, "said": text})),
        "long-error": echo(lambda _, text: web.Response(status=400, text="x" * 16_300 + text)),
    }  # fmt: skip


KINDS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "bearer": ("bearer", {"token": ""}, {}),
    "api_key": ("api_key", {"api_key": ""}, {}),
    "basic": ("basic", {"username": "eve", "password": ""}, {}),
    "query": (
        "api_key",
        {"api_key": ""},
        {"credential_placement": [{"in": "query", "name": "key", "value": "{api_key}"}]},
    ),
    "header": (
        "api_key",
        {"api_key": ""},
        {"credential_placement": [{"in": "header", "name": "X-Key", "value": "Key {api_key}"}]},
    ),
    "oauth2": ("oauth2", {"access_token": "", "refresh_token": ""}, {}),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_service_echoes(verbose: World, eve: Member, vault: Vault, kind: str) -> None:
    auth_type, members, auth_config = KINDS[kind]
    service = verbose.integration(auth_type=auth_type, auth_config=auth_config)
    is_awkward = kind in ("basic", "query")
    values = {
        name: given or vault.new(f"{kind} {name}", is_awkward=is_awkward) for name, given in members.items()
    }
    if kind == "basic":
        pair = f"{values['username']}:{values['password']}"
        vault.keep(base64.b64encode(pair.encode()).decode().rstrip("="), "basic credentials")
    connection = verbose.connect(eve, service, values, expires_in=3600)
    shown = 0
    for name, answer in echoes().items():
        path = f"/{kind}-{name}"
        verbose.action(service, name, path)
        verbose.upstream.on(path, answer)
        # A caller may repeat the secret in a parameter, too.
        parameters = {"note": f"see {next(iter(values.values()))}", "n": 1}
        executed = await eve.execute(connection, name, parameters, headers={"Idempotency-Key": str(uuid4())})
        row = verbose.log(executed)
        assert row["request_payload"]["n"] == 1
        if executed.status != 200:
            assert vault.found_in(executed.text) == set(), name
            assert vault.found_in(str(executed.headers)) == set(), name
        if "[redacted]" in json.dumps(row["response_payload"]):
            shown += 1
    assert shown >= (7 if kind == "query" else 10)  # The positive control: they did echo it.


async def test_what_a_verification_echoes(verbose: World, eve: Member, vault: Vault) -> None:
    verbose.integration(slug="verified", auth_config={"verification": {"path": "/verify-and-tell"}})
    verbose.upstream.on("/verify-and-tell", echoes()["error"])
    body = {
        "workspace_id": str(eve.workspace_id),
        "integration": "verified",
        "name": "Mine",
        "credentials": {"token": vault.new("token to verify")},
    }
    refused = await eve.caller.call("POST", "/api/v2/connections", body)
    assert refused.outcome == (502, "upstream_error")
    assert vault.found_in(refused.text) == set()
    verbose.upstream.on("/verify-and-tell", respond(text="{}", content_type="application/json"))
    made = await eve.caller.call("POST", "/api/v2/connections", body)
    assert made.status == 201
    assert vault.found_in(made.text) == set()
    verbose.upstream.on("/verify-and-tell", echoes()["text-error"])
    path = f"/api/v2/connections/{made.json['id']}"
    for answer in (
        await eve.caller.call("POST", f"{path}/test"),
        await eve.caller.call(
            "PUT", f"{path}/credentials", {"credentials": {"token": vault.new("next token")}}
        ),
        await eve.caller.call(
            "PUT", f"{path}/credentials", {"credentials": {"tokem": vault.new("misplaced token")}}
        ),
    ):
        assert answer.status >= 400
        assert vault.found_in(answer.text) == set()


async def test_what_a_token_endpoint_echoes(verbose: World, eve: Member, vault: Vault) -> None:
    token_url = verbose.upstream.url + "/token-that-tells"
    service = verbose.integration(
        slug="telling",
        auth_type="oauth2",
        auth_config={"authorization_url": "https://auth.example.com/", "token_url": token_url},
    )
    client = {"client_id": "eve", "client_secret": vault.new("client secret", is_awkward=True)}
    put = await eve.caller.call("PUT", "/api/v2/integrations/telling/oauth-client", client)
    assert vault.found_in(put.text) == set()
    values = {
        "access_token": vault.new("access token"),
        "refresh_token": vault.new("refresh token", is_awkward=True),
    }
    connection = verbose.connect(eve, service, values, expires_in=-10)

    async def tell(received: Received) -> web.StreamResponse:
        said = received.body.decode()
        return web.json_response({"error": "invalid_request", "error_description": f"no: {said}"}, status=400)

    verbose.upstream.on("/token-that-tells", tell)
    answer = await eve.execute(connection)
    assert answer.code == "invalid_integration_config"
    assert vault.found_in(answer.text) == set()
    granted = {"access_token": vault.new("new access token"), "refresh_token": vault.new("new refresh token")}
    verbose.upstream.on(
        "/token-that-tells", respond(text=json.dumps(granted), content_type="application/json")
    )
    verbose.action(service, "after", "/oauth2-error")
    verbose.upstream.on("/oauth2-error", echoes()["error"])
    as_owner(verbose.urls, "UPDATE connections SET renewal_not_before = NULL WHERE id = %s", connection)
    refreshed = await eve.execute(connection, "after", {"note": granted["access_token"]})
    assert refreshed.outcome == (502, "upstream_error")
    assert vault.found_in(refreshed.text) == set()


async def test_parameters_and_answers_that_are_secret_by_name(
    verbose: World, eve: Member, vault: Vault
) -> None:
    service = verbose.integration()
    schema = {
        "type": "object",
        "properties": {
            "pass": {"type": "string", "writeOnly": True},
            "word": {"type": "string", "format": "password"},
            "number": {"type": "integer"},
        },
    }
    verbose.action(service, "sensitive", request_schema=schema)
    told = {
        "access_token": vault.new("token in an answer"),
        "nested": [{"apiKey": vault.new("key in an answer")}],
    }
    verbose.upstream.on("/sensitive", respond(text=json.dumps(told), content_type="application/json"))
    connection = verbose.connect(eve, service, {"token": vault.new("token")})
    parameters = {
        "pass": vault.new("writeOnly"),
        "word": vault.new("format password"),
        "password": vault.new("by its name"),
        "deep": [{"clientSecret": vault.new("by its name, deep")}],
    }
    headers = {"Idempotency-Key": str(uuid4())}
    for wrong in ({}, {"number": "not a number"}):
        answer = await eve.execute(connection, "sensitive", {**parameters, **wrong}, headers=headers)
        assert answer.status in (200, 409, 422)
        if answer.status != 200:
            assert vault.found_in(answer.text) == set()
    assert (await eve.execute(connection, "sensitive", parameters)).status == 200
    # Refused before the action is known, or even the JSON.
    assert (await eve.execute(connection, "no-such", {"password": vault.new("unknown action")})).status == 404
    junk = f'{{"parameters": {{"password": "{vault.new("malformed")}", }}}}'
    sent = {"Content-Type": "application/json"}
    refused = await eve.caller.send("POST", "/api/v2/execute", data=junk.encode(), headers=sent)
    assert refused.status == 400
    assert vault.found_in(refused.text) == set()


async def test_accounts(verbose: World, vault: Vault) -> None:
    stranger = verbose.stranger()
    password = vault.new("password")
    account = {"email": "eve.two@example.com", "password": password}
    signed_up = await stranger.call("POST", "/api/v2/auth/sign-up", account)
    assert signed_up.status == 201, signed_up.text
    vault.keep(signed_up.json["access_token"], "access token of Portway")
    vault.keep(signed_up.json["refresh_token"], "refresh token of Portway")
    wrong = await stranger.call(
        "POST", "/api/v2/auth/sign-in", {**account, "password": vault.new("wrong password")}
    )
    assert wrong.status == 401
    malformed = await stranger.call(
        "POST", "/api/v2/auth/sign-in", {**account, "passwort": vault.new("misspelt")}
    )
    assert malformed.status == 400
    refreshed = await stranger.call(
        "POST", "/api/v2/auth/refresh", {"refresh_token": signed_up.json["refresh_token"]}
    )
    assert refreshed.status == 200
    vault.keep(refreshed.json["access_token"], "next access token of Portway")
    vault.keep(refreshed.json["refresh_token"], "next refresh token of Portway")
    for answer in (wrong, malformed):
        assert vault.found_in(answer.text) == set()
    forged = await stranger.having(vault.new("forged bearer")).call("GET", "/api/v2/auth/me")
    assert forged.status == 401
    await stranger.send("GET", f"/api/v2/oauth/callback?code={vault.new('code')}&state={vault.new('state')}")
    await stranger.send("GET", f"/api/v2/connections?cursor={vault.new('cursor')}")


async def test_what_the_gateway_shows(verbose: World, eve: Member, vault: Vault) -> None:
    for path in (
        "/metrics", "/api/v2/openapi.json", "/docs", "/readyz", "/api/v2/connections", "/api/v2/logs?payloads=true",
        "/api/v2/logs/export?format=csv", "/api/v2/logs/export?format=ndjson", "/api/v2/usage", "/api/v2/api-keys",
        "/api/v2/integrations", "/api/v2/integrations/telling",
    ):  # fmt: skip
        answer = await eve.caller.send("GET", path)
        assert answer.status == 200, path
        assert vault.found_in(answer.text) == set(), path


async def test_dumps_of_the_database(verbose: World, eve: Member, vault: Vault, tmp_path: Path) -> None:
    """The owner's own, and the superuser's of everything. The master key's file is beside the database."""
    pg_dump = find_binaries().directory / "pg_dump"
    urls = verbose.urls
    for url, extra in (
        (urls.admin, ["--enable-row-security", "-n", "public", "-n", "app"]),
        (urls.superuser, []),
    ):
        file = tmp_path / "dump.sql"
        command = [str(pg_dump), url, "-f", str(file), "--inserts", *extra]
        dumping = await asyncio.create_subprocess_exec(*command)
        assert await dumping.wait() == 0
        dump = file.read_text()
        assert str(eve.user_id) in dump
        assert "INSERT INTO public.api_logs" in dump
        assert "INSERT INTO public.encrypted_credentials" in dump
        assert vault.found_in(dump) == set()
        # Bytes are dumped as hexadecimal digits; nothing in them is the secret as it is.
        assert not [kind for value, kind in vault.items() if value.encode().hex() in dump]
