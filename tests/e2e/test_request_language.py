"""What rows say of requests and answers, through the whole gateway."""

import json
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import jsonschema_rs
import pytest

from portway.catalog.definitions import SHIPPED, IntegrationDefinition, load_definitions
from tests.e2e.callers import Answer as Answered
from tests.e2e.upstreams import Answer, Received, respond
from tests.e2e.worlds import Member, World, check_refusal
from tests.people import as_owner

FAULTS = {"response": {"error": "ok == `false`", "message": "error"}}


def saying(body: Any, status: int = 200) -> Answer:
    return respond(status=status, text=json.dumps(body), content_type="application/json")


def inherit(world: World, integration_id: UUID, document: dict[str, Any]) -> None:
    """What holds for all of its actions."""
    as_owner(
        world.urls,
        "UPDATE integrations SET transform_config = %s WHERE id = %s",
        json.dumps(document),
        integration_id,
    )


class Service:
    """An integration, whose actions have paths of their own."""

    def __init__(self, world: World, ada: Member, inherited: dict[str, Any] | None = None) -> None:
        self.world, self.ada = world, ada
        self.id = world.integration()
        if inherited is not None:
            inherit(world, self.id, inherited)
        self.config: dict[str, Any] = {}

    async def execute(
        self,
        config: dict[str, Any],
        parameters: dict[str, Any] | None = None,
        *,
        answer: Answer | None = None,
        method: str = "POST",
        **members: Any,
    ) -> Answered:
        slug = f"action-{self.id.hex}"
        self.world.action(self.id, slug, method=method, transform_config=config)
        if answer is not None:
            self.world.upstream.on(f"/{slug}", answer)
        connection = self.world.connect(self.ada, self.id, config=self.config)
        return await self.ada.execute(connection, slug, parameters, **members)

    @property
    def received(self) -> Received:
        (one,) = self.world.upstream.received(f"/action-{self.id.hex}")
        return one


@pytest.fixture
def own(world: World, ada: Member) -> Service:
    return Service(world, ada)


async def test_an_error_under_a_good_status(world: World, ada: Member, own: Service) -> None:
    body = {"ok": False, "error": "channel_not_found"}
    answer = await own.execute(FAULTS, {"a": 1}, answer=saying(body))
    assert answer.outcome == (502, "upstream_error")
    assert answer.json["detail"] == "The service answered with an error: channel_not_found."
    assert answer.json["upstream"]["status_code"] == 200
    assert answer.json["upstream"]["body"] == body
    check_refusal(
        world, ada, answer, status="error", status_code=200, attempts=1,
        response_payload=body, request_payload={"a": 1},
    )  # fmt: skip


async def test_the_same_service_when_all_is_well(own: Service) -> None:
    answer = await own.execute(FAULTS, answer=saying({"ok": True, "error": "none"}))
    assert (answer.status, answer.json["data"]) == (200, {"ok": True, "error": "none"})


@pytest.mark.parametrize(
    ("config", "body", "words"),
    [
        ({"response": {"message": "fault.text"}}, {"fault": {"text": "Out of tea"}}, "Out of tea"),
        ({}, {"error": {"message": "Not today", "code": 5}}, "Not today"),
        ({}, {"errors": [{"detail": "No such thing"}]}, "No such thing"),
        ({"response": {"message": "nowhere"}}, {"message": "All the same"}, "All the same"),
        ({"response": {"message": "length(@.code)"}}, {"code": 5, "message": "Odd"}, "Odd"),
    ],
)
async def test_the_services_own_words(
    own: Service, config: dict[str, Any], body: dict[str, Any], words: str
) -> None:
    answer = await own.execute(config, answer=saying(body, 422))
    assert answer.outcome == (502, "upstream_error")
    assert answer.json["detail"] == f"The service answered 422: {words}."


async def test_a_secret_is_not_in_the_services_words(world: World, ada: Member, own: Service) -> None:
    async def tell(received: Received) -> Any:
        said = {"ok": False, "error": f"bad {received.headers['authorization']}"}
        return await saying(said)(received)

    answer = await own.execute(FAULTS, answer=tell)
    token = own.received.headers["authorization"].removeprefix("Bearer ")
    assert answer.code == "upstream_error"
    assert "bad Bearer " in answer.json["detail"]
    assert token not in answer.text
    assert token not in json.dumps(world.log(answer), default=str)


async def test_data_is_mapped(world: World, own: Service) -> None:
    config = {"response": {"data": "items[?open].{id: id, by: user.name}"}}
    items = [{"id": 1, "open": True, "user": {"name": "Ada"}}, {"id": 2, "open": False}]
    answer = await own.execute(config, answer=saying({"items": items}))
    assert answer.json["data"] == [{"id": 1, "by": "Ada"}]
    assert world.log(answer)["response_payload"] == [{"id": 1, "by": "Ada"}]


XML = """<?xml version="1.0" encoding="iso-8859-1"?>
<r:orders xmlns:r="urn:x" n="2"><order id="7">T\u00e9</order><order id="8"/></r:orders>"""


async def test_xml_becomes_json(own: Service) -> None:
    config = {"response": {"format": "xml", "data": '"r:orders".order'}}
    answer = await own.execute(
        config, answer=respond(body=XML.encode("latin-1"), headers={"Content-Type": "application/xml"})
    )
    assert answer.json["data"] == [{"@id": "7", "#text": "Té"}, {"@id": "8"}]


@pytest.mark.parametrize(
    "body",
    [
        "<a>",
        "no XML",
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "<a>" * 200 + "</a>" * 200,
    ],
    ids=["open", "none", "entity", "file", "deep"],
)
async def test_xml_that_is_none_or_too_much(world: World, ada: Member, own: Service, body: str) -> None:
    config = {"response": {"format": "xml"}}
    answer = await own.execute(config, answer=respond(text=body, content_type="application/xml"))
    assert answer.outcome == (502, "upstream_invalid_response")
    assert "root:" not in answer.text
    check_refusal(world, ada, answer, status="error", attempts=1)


async def test_a_soap_fault(own: Service) -> None:
    body = "<e:Envelope xmlns:e='x'><e:Body><e:Fault><faultstring>Bad</faultstring></e:Fault></e:Body></e:Envelope>"
    answer = await own.execute(
        {"response": {"format": "xml"}}, answer=respond(status=500, text=body, content_type="text/xml")
    )
    assert answer.json["detail"] == "The service answered 500: Bad."


@pytest.mark.parametrize(
    ("form", "data"), [("json", [1]), ("text", "[1]"), ("binary", {"base64": "WzFd", "size": 3})]
)
async def test_the_row_knows_better_than_the_content_type(own: Service, form: str, data: Any) -> None:
    answer = await own.execute(
        {"response": {"format": form}}, answer=respond(body=b"[1]", content_type="image/x-what")
    )
    found = answer.json["data"]
    assert (found if not isinstance(data, dict) else {name: found[name] for name in data}) == data


async def test_more_than_the_row_allows(world: World, ada: Member, own: Service) -> None:
    answer = await own.execute({"response": {"max_bytes": 10}}, answer=respond(body=b"x" * 11))
    assert answer.outcome == (502, "upstream_invalid_response")
    check_refusal(world, ada, answer, status="error")


GRAPHQL = {
    "body": {
        "encoding": "graphql",
        "query": "query Q($id: ID!) { thing(id: $id) { name } }",
        "operation_name": "Q",
    }
}


async def test_graphql(own: Service) -> None:
    answer = await own.execute(GRAPHQL, {"id": "7"}, answer=saying({"data": {"thing": {"name": "Tea"}}}))
    assert answer.json["data"] == {"thing": {"name": "Tea"}}
    assert json.loads(own.received.body) == {
        "query": GRAPHQL["body"]["query"],
        "operationName": "Q",
        "variables": {"id": "7"},
    }
    assert own.received.headers["content-type"] == "application/json"


async def test_graphql_errors(world: World, ada: Member, own: Service) -> None:
    body = {"data": None, "errors": [{"message": "No such thing", "path": ["thing"]}]}
    answer = await own.execute(GRAPHQL, {"id": "7"}, answer=saying(body))
    assert answer.outcome == (502, "upstream_error")
    assert answer.json["detail"] == "The service answered with an error: No such thing."
    assert answer.json["upstream"]["body"] == body
    check_refusal(world, ada, answer, status="error", status_code=200)


async def test_what_the_integration_says_holds_for_its_actions(world: World, ada: Member) -> None:
    inherited = {
        "headers": {"X-Version": "2026-11-01", "X-Account": "{account}", "Accept": "application/vnd.x+json"},
        "query": {"style": "brackets"},
        "body": {"encoding": "form", "style": "brackets"},
        **FAULTS,
    }
    service = Service(world, ada, inherited)
    service.config = {"account": "acct-7"}
    answer = await service.execute({}, {"a": {"b": [1, 2]}}, answer=saying({"ok": False, "error": "no"}))
    assert answer.json["detail"] == "The service answered with an error: no."
    sent = service.received
    assert unquote(sent.body.decode()) == "a[b][]=1&a[b][]=2"
    assert sent.headers["x-version"] == "2026-11-01"
    assert sent.headers["x-account"] == "acct-7"
    assert sent.headers["accept"] == "application/vnd.x+json"
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"


async def test_what_the_action_says_comes_first(world: World, ada: Member) -> None:
    inherited = {
        "headers": {"X-Version": "1", "X-Other": "kept"},
        "body": {"encoding": "form"},
        "retry": {"max_attempts": 1},
        **FAULTS,
    }
    own = {
        "headers": {"X-Version": "2"},
        "body": {"encoding": "json"},
        "retry": {"first_delay_ms": 1},
        "response": {"error": "status == 'bad'", "data": "rows"},
    }
    service = Service(world, ada, inherited)
    answer = await service.execute(own, {"a": 1}, answer=saying({"ok": False, "rows": [1]}))
    assert (answer.status, answer.json["data"]) == (200, [1])
    sent = service.received
    assert (sent.headers["x-version"], sent.headers["x-other"]) == ("2", "kept")
    assert sent.body == b'{"a":1}'


async def test_what_the_action_does_not_say_stays_the_integrations(world: World, ada: Member) -> None:
    service = Service(world, ada, {"retry": {"max_attempts": 1}, **FAULTS})
    config = {"retry": {"idempotent": True}, "response": {"data": "rows"}}
    answer = await service.execute(config, answer=respond(status=503))
    check_refusal(world, ada, answer, status="error", attempts=1)
    service = Service(world, ada, {"retry": {"max_attempts": 1}, **FAULTS})
    answer = await service.execute(config, answer=saying({"ok": False, "error": "still"}))
    assert answer.json["detail"].endswith("still.")


async def test_a_changed_integration_changes_its_actions_at_once(world: World, ada: Member) -> None:
    service = world.integration()
    connection = world.connect(ada, service)
    assert "x-new" not in (await ada.execute(connection)).json["data"]["headers"]
    inherit(world, service, {"headers": {"X-New": "1"}})
    for _ in range(6):
        assert (await ada.execute(connection)).json["data"]["headers"]["x-new"] == "1"


async def test_bytes_are_asked_for_and_the_row_maps_errors(world: World, ada: Member, own: Service) -> None:
    """Whoever wants bytes is told all the same that they are an error."""
    answer = await own.execute(
        FAULTS, answer=saying({"ok": False, "error": "gone"}), headers={"Accept": "application/octet-stream"}
    )
    assert answer.outcome == (502, "upstream_error")
    check_refusal(world, ada, answer, status="error", status_code=200)


def shipped() -> list[IntegrationDefinition]:
    return [one for folder in sorted(SHIPPED.iterdir()) if (folder / "integration.yaml").exists()
            for one in load_definitions(folder)]  # fmt: skip


async def test_the_published_schemas_hold_for_the_catalog(world: World) -> None:
    schemas = {}
    for name in ("transform-config", "integration-transform-config", "rate-limits"):
        answer = await world.stranger().send("GET", f"/api/v2/schemas/{name}")
        assert answer.status == 200, answer.text
        schemas[name] = jsonschema_rs.Draft202012Validator(answer.json)
    definitions = shipped()
    assert len(definitions) > 5
    for definition in definitions:
        schemas["integration-transform-config"].validate(definition.transform_config)
        schemas["rate-limits"].validate(list(definition.rate_limits))
        for action in definition.actions:
            schemas["transform-config"].validate(action.transform_config)
            schemas["rate-limits"].validate(list(action.rate_limits))
    assert not schemas["transform-config"].is_valid({"success": {}})
    assert not schemas["rate-limits"].is_valid([{"requests": 0, "per_seconds": 1}])


async def test_a_schema_that_there_is_not(world: World) -> None:
    answer = await world.stranger().send("GET", "/api/v2/schemas/nothing")
    assert answer.outcome == (404, "not_found")


BROKEN = [
    ({"transform_config": {"success": {}}}, "success"),
    ({"transform_config": {"response": {"error": "ok =="}}}, "response.error"),
    ({"transform_config": {"body": {"encoding": "yaml"}}}, "body.encoding"),
    ({"transform_config": {"pagination": {"type": "cursor", "cursor": "x"}}}, "parameter"),
    ({"transform_config": {"retry": {"max_attempts": 99}}}, "retry.max_attempts"),
    ({"transform_config": {"retry": {"idempotency_header": "Host"}}}, "retry.idempotency_header"),
    ({"transform_config": {"locations": {"a": "nowhere"}}}, "locations.a"),
    ({"transform_config": {"headers": {"Host": "evil.example"}}}, "host"),
    ({"transform_config": {"parameters": [{"op": "rename", "parameter": "/a"}]}}, "parameters[0]"),
    ({"rate_limits": [{"requests": 0, "per_seconds": 1}]}, "rate_limits[0].requests"),
    ({"endpoint_path": "/{a", "http_method": "GET"}, "endpoint_path"),
]


@pytest.mark.parametrize(("members", "words"), BROKEN, ids=[words for _, words in BROKEN])
async def test_a_broken_action_is_not_written(
    world: World, ada: Member, members: dict[str, Any], words: str
) -> None:
    slug = f"own-{ada.user_id.hex[-8:]}"
    new = {"slug": slug, "name": "Own", "base_url": world.upstream.url, "auth_type": "none"}
    made = await ada.caller.call("POST", "/api/v2/integrations", new)
    assert made.status in (201, 409), made.text
    action = {"slug": "broken", "name": "Broken", "http_method": "POST", "endpoint_path": "/x"}
    answer = await ada.caller.call("POST", f"/api/v2/integrations/{slug}/actions", {**action, **members})
    assert answer.status == 422, answer.text
    assert words in answer.text
    listed = await ada.caller.get(f"/api/v2/integrations/{slug}/actions")
    assert "broken" not in [one["slug"] for one in listed["data"]]
