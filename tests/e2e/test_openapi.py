"""The OpenAPI document and the real gateway say the same: schemathesis tries every operation, with what fits and what
does not.
"""

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import pytest
from aiohttp import web

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.callers import Answer, Caller
from tests.e2e.gateways import serving
from tests.e2e.upstreams import Received, Upstream, respond
from tests.e2e.worlds import World
from tests.people import as_owner

EXAMPLES = 4
"""Random ones for each operation, besides some 45 systematic ones."""

CONFIGURATION = """
headers = {{ Authorization = "Bearer {bearer}" }}
warnings = false
continue-on-failure = true
request-timeout = 30

[generation]
max-examples = {examples}
no-shrink = true
deterministic = true

[checks]
# What is valid by its form may still make no sense: a cursor of nobody, U+0000, two tokens where there may be one.
positive_data_acceptance.enabled = false

[phases.stateful]
enabled = false

# Things that there are, for all that does not delete them.
[[operations]]
include-method = ["GET", "PATCH", "POST", "PUT"]
parameters = {{ {parameters} }}

# The end of the session would be the end of the test.
[[operations]]
include-path = ["/api/v2/auth/sign-out", "/api/v2/auth/sessions/{{session_id}}"]
enabled = false

# Another method of these paths is one of `/connections/{{connection_id}}`, of a connection called `authorize`.
[[operations]]
include-path = ["/api/v2/connections/authorize", "/api/v2/invitations/accept"]
checks.unsupported_method.enabled = false
"""

_COUNT = re.compile(r'portway_http_requests_total\{method="(\w+)",route="([^"]+)",status="(\d+)"\}')


@pytest.fixture(scope="module")
def documented(
    database_urls: DatabaseUrls, upstream: Upstream, http: aiohttp.ClientSession
) -> Iterator[World]:
    with serving(database_urls, environment={"PORTWAY_SIGN_UP": "open"}) as gateway:
        yield World(database_urls, gateway, upstream, http)


async def made(caller: Caller, path: str, **body: Any) -> Any:
    answer = await caller.call("POST", path, body)
    assert answer.status in (200, 201), answer.text
    return answer.json


async def somebody_with_everything(world: World) -> tuple[Caller, dict[str, str]]:
    """A person who is signed in, and the ids of what is theirs."""
    stranger = world.stranger()
    account = await made(
        stranger, "/api/v2/auth/sign-up", email="all@example.com", password="a-long-password"
    )
    person = stranger.having(account["access_token"])
    # Portway's own access tokens live for a quarter of an hour; on a busy machine this may take some of it.
    workspace = account["workspace_id"]
    await made(
        person, "/api/v2/integrations", slug="all", name="All", base_url=world.upstream.url, auth_type="bearer",
        auth_config={"verification": {"path": "/verify"}},
    )  # fmt: skip
    await made(
        person, "/api/v2/integrations/all/actions", slug="echo", name="E", http_method="POST", endpoint_path="/echo"
    )  # fmt: skip
    connection = await made(
        person, "/api/v2/connections", workspace_id=workspace, integration="all", name="c",
        credentials={"token": "a-token"},
    )  # fmt: skip
    executed = await made(
        person, "/api/v2/execute", workspace_id=workspace, connection_id=connection["id"], action="echo"
    )
    invitation = await made(
        person, "/api/v2/invitations", workspace_id=workspace, email="guest@example.com", role="member"
    )
    key = await made(person, "/api/v2/api-keys", name="k")
    return person, {
        "organization_id": account["organization_id"],
        "workspace_id": workspace,
        "user_id": account["user"]["id"],
        "connection_id": connection["id"],
        "execution_id": executed["execution_id"],
        "invitation_id": invitation["id"],
        "api_key_id": key["id"],
        "slug": "all",
        "action": "echo",
    }


async def test_every_operation_does_what_the_document_says(documented: World, tmp_path: Path) -> None:
    person, things = await somebody_with_everything(documented)
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(
        CONFIGURATION.format(
            bearer=person.bearer,
            examples=EXAMPLES,
            parameters=", ".join(f'"path.{name}" = "{value}"' for name, value in things.items()),
        )
    )
    program = str(Path(sys.executable).parent / "schemathesis")
    url = f"{documented.gateway.url}/api/v2/openapi.json"
    process = await asyncio.create_subprocess_exec(
        *(program, "--config-file", str(configuration), "run", url),
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "NO_COLOR": "1", "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-20_000:]

    # The caller was somebody to the end, and much of what was tried was done.
    assert (await person.call("GET", "/api/v2/auth/me")).status == 200
    counted = _COUNT.findall((await person.send("GET", "/metrics")).text)
    assert not [each for each in counted if each[2] in ("500", "503")]
    done = {(method, route) for method, route, status in counted if status in ("200", "201", "202", "204")}
    assert len(done) > 40, sorted(done)


async def test_answers_of_execute_fit_the_document(documented: World) -> None:
    """A fuzzer hardly ever names a connection that there is."""
    document = await documented.stranger().get("/api/v2/openapi.json")
    operation = document["paths"]["/api/v2/execute"]["post"]

    def check(answer: Answer, status: int) -> None:
        assert answer.status == status, answer.text
        media_type = answer.headers["Content-Type"]
        schema = operation["responses"][str(status)]["content"][media_type]["schema"]
        jsonschema_rs.validate({**schema, "components": document["components"]}, answer.json)

    async def never(_: Received) -> web.StreamResponse:
        await asyncio.sleep(20)
        return web.Response()

    world, person = documented, documented.person("exact")
    service = world.integration()
    world.action(service, "strict", request_schema={"type": "object", "required": ["a"]})
    world.action(service, "failing", "/documented-failure")
    world.action(service, "slow", "/documented-slowness")
    world.upstream.on(
        "/documented-failure", respond(status=429, text='{"a": [null]}', content_type="application/json")
    )
    world.upstream.on("/documented-slowness", never)
    connection = world.connect(person, service)
    check(await person.execute(connection), 200)
    check(await person.execute(connection, timeout_ms=0), 400)
    check(await person.caller.having("pw_x").execute(person.workspace_id, connection, "echo"), 401)
    reader = person.caller.having(world.person("reader", ["logs:read"]).api_key)
    check(await reader.execute(person.workspace_id, connection, "echo"), 404)
    limited = await person.caller.call("POST", "/api/v2/api-keys", {"name": "k", "scopes": ["logs:read"]})
    check(
        await person.caller.having(limited.json["api_key"]).execute(person.workspace_id, connection, "echo"),
        403,
    )
    check(await person.execute(connection, "nothing"), 404)
    check(await person.execute(connection, "strict"), 422)
    check(await person.execute(connection, "failing"), 502)
    check(await person.execute(connection, "slow", timeout_ms=100), 504)
    as_owner(
        world.urls, "UPDATE connections SET status = 'reauthorization_required' WHERE id = %s", connection
    )
    check(await person.execute(connection), 409)
    check(await person.caller.send("POST", "/api/v2/execute", data=b" " * (25 * 2**20 + 1)), 413)
