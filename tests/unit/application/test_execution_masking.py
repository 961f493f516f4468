import json
from typing import Any

import pytest

from portway.application.ports.execution_ledger import Opening
from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.domain.errors import (
    UpstreamError,
)
from tests.fakes.gateway import TOKENS, Connected, FakeGateway
from tests.fakes.http_client import UNAUTHORIZED, json_answer

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "phrase": {"type": "string", "writeOnly": True}},
    "additionalProperties": False,
}


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


async def test_what_the_service_echoes_is_masked(gateway: FakeGateway) -> None:
    connected = gateway.connect(http_method="POST")
    gateway.http.script(
        UpstreamResponse(
            400,
            {"content-type": "application/json", "www-authenticate": "Bearer old-access-token"},
            b'{"sent": "Authorization: Bearer old-access-token", "old-access-token": [1]}',
        )
    )
    error = await connected.failure({"note": "old-access-token"})
    assert isinstance(error, UpstreamError)
    assert error.body == {"sent": "Authorization: Bearer [redacted]", "[redacted]": [1]}
    assert error.headers["www-authenticate"] == "Bearer [redacted]"
    row = connected.audit
    assert row.response_payload == error.body
    assert row.request_payload == {"note": "[redacted]"}
    assert "old-access-token" not in repr((row, error.detail))


async def test_so_is_a_successful_echo_in_the_log_alone(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    gateway.http.script(json_answer({"you_sent": "old-access-token"}))
    result = await connected.execute()
    assert result.data == {"you_sent": "old-access-token"}
    assert connected.audit.response_payload == {"you_sent": "[redacted]"}


async def test_the_words_of_an_error_in_a_200_are_masked(gateway: FakeGateway) -> None:
    connected = gateway.connect(transform_config={"response": {"error": "!ok", "message": "error"}})
    gateway.http.script(json_answer({"ok": False, "error": "bad token old-access-token"}))
    error = await connected.failure()
    assert isinstance(error, UpstreamError)
    assert "old-access-token" not in error.detail
    assert "[redacted]" in error.detail


async def test_tokens_from_before_and_after_a_refresh_are_masked(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    gateway.http.script(UNAUTHORIZED, json_answer({"e": "old-access-token, then access-token-1"}, 400))
    error = await connected.failure()
    assert isinstance(error, UpstreamError)
    assert error.body == {"e": "[redacted], then [redacted]"}
    assert connected.audit.response_payload == error.body


async def test_secrets_in_parameters_are_masked_before_and_after(gateway: FakeGateway) -> None:
    connected = gateway.connect(http_method="POST", request_schema=SCHEMA)
    seen: list[Any] = []

    def answer(_: OutgoingRequest) -> UpstreamResponse:
        seen.append(connected.audit.request_payload)
        return json_answer({})

    gateway.http.script(answer)
    await connected.execute({"to": "ada", "phrase": "open sesame"})
    assert seen == [{"to": "ada", "phrase": "[redacted]"}]
    assert connected.audit.request_payload == {"to": "ada", "phrase": "[redacted]"}
    assert gateway.http.sent[0].body == b'{"to":"ada","phrase":"open sesame"}'


async def test_a_long_payload_says_nothing_of_itself_before_the_schema_is_known(gateway: FakeGateway) -> None:
    """Cut to a text, it has no members any more that could be masked."""
    connected = gateway.connect(http_method="POST", request_schema=SCHEMA)
    seen: list[Any] = []

    def answer(_: OutgoingRequest) -> UpstreamResponse:
        seen.append(connected.audit.request_payload)
        return json_answer({})

    gateway.http.script(answer)
    await connected.execute({"phrase": "open sesame", "to": "x" * 50_000})
    (before,) = seen
    assert "sesame" not in json.dumps(before)
    assert before["size"] > 50_000
    row = connected.audit
    assert row.payload_truncated
    assert "sesame" not in json.dumps(row.request_payload)
    assert isinstance(row.request_payload, dict)
    assert str(row.request_payload["truncated"]).startswith('{"phrase":"[redacted]","to":"xxx')


async def test_no_secret_is_in_what_is_printed(gateway: FakeGateway) -> None:
    connected = gateway.connect()
    printed = repr((await gateway.ledger.open(_opening(connected)), connected.principal, connected.stored))
    for secret in TOKENS.values():
        assert secret not in printed


def _opening(connected: Connected) -> Opening:
    return Opening(
        sealed_pass=connected.owner.sealed_pass,
        workspace_id=connected.owner.workspace_id,
        connection_id=connected.id,
        action=connected.action.slug,
        request_payload="{}",
        timeout_ms=None,
    )
