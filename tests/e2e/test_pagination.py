"""Page after page through the gateway: what the service was asked, what the caller got, what the log says."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from tests.e2e.callers import Answer as Answered
from tests.e2e.oauth_services import oauth_service
from tests.e2e.upstreams import Answer, Received, Upstream, in_turn, respond
from tests.e2e.worlds import Member, World, check_refusal, secret

LIMIT = 2
ROWS = [1, 2, 3, 4, 5]


def page(**body: Any) -> Answer:
    return respond(text=json.dumps(body), content_type="application/json")


async def by_cursor(received: Received) -> web.StreamResponse:
    start = int(received.query.get("after", "0"))
    following = start + LIMIT
    more = {"next": str(following)} if following < len(ROWS) else {"next": ""}
    return web.json_response({"rows": ROWS[start:following], "paging": more})


async def by_page(received: Received) -> web.StreamResponse:
    start = (int(received.query.get("page", "1")) - 1) * LIMIT
    return web.json_response({"rows": ROWS[start : start + LIMIT]})


async def by_offset(received: Received) -> web.StreamResponse:
    start = int(received.query.get("skip", "0"))
    return web.json_response({"rows": ROWS[start : start + LIMIT], "total": len(ROWS)})


async def by_link(received: Received) -> web.StreamResponse:
    start = int(received.query.get("start", "0"))
    following = start + LIMIT
    link = f'<{received.path}?start={following}>; rel="next"' if following < len(ROWS) else ""
    return web.json_response(ROWS[start:following], headers={"Link": link} if link else {})


async def by_url(received: Received) -> web.StreamResponse:
    start = int(received.query.get("start", "0"))
    following = start + LIMIT
    where = f"{received.path}?start={following}" if following < len(ROWS) else None
    return web.json_response({"rows": ROWS[start:following], "next": where})


KINDS: dict[str, tuple[dict[str, Any], Answer, list[dict[str, str]]]] = {
    "cursor": (
        {"type": "cursor", "items": "rows", "cursor": "paging.next", "parameter": "after"},
        by_cursor,
        [{}, {"after": "2"}, {"after": "4"}],
    ),
    "page": (
        {"type": "page", "items": "rows", "parameter": "page", "size_parameter": "limit"},
        by_page,
        [{"limit": "2"}, {"limit": "2", "page": "2"}, {"limit": "2", "page": "3"}],
    ),
    "offset": (
        {"type": "offset", "items": "rows", "parameter": "skip", "total": "total"},
        by_offset,
        [{}, {"skip": "2"}, {"skip": "4"}],
    ),
    "link_header": ({"type": "link_header"}, by_link, [{}, {"start": "2"}, {"start": "4"}]),
    "next_url": (
        {"type": "next_url", "items": "rows", "url": "next"},
        by_url,
        [{}, {"start": "2"}, {"start": "4"}],
    ),
}


class Lists:
    """An integration with an action `list`, which is paginated in one of the ways; and what came there."""

    def __init__(self, world: World, ada: Member, pagination: dict[str, Any], answer: Answer, **more: Any):
        self.world = world
        self.ada = ada
        self.token = secret("token")
        self.service = world.integration()
        self.path = f"/list-{self.service.hex}"
        world.action(
            self.service, "list", self.path, "GET", transform_config={"pagination": pagination, **more}
        )
        world.upstream.on(self.path, answer)
        self.connection = world.connect(ada, self.service, {"token": self.token})

    async def execute(self, max_pages: int | None = None, **parameters: Any) -> Answered:
        members: dict[str, Any] = {} if max_pages is None else {"paginate": {"max_pages": max_pages}}
        return await self.ada.execute(self.connection, "list", parameters, **members)

    @property
    def received(self) -> list[Received]:
        return self.world.upstream.received(self.path)


@pytest.fixture
def elsewhere() -> Iterator[Upstream]:
    """Another service, which must not get what belongs to the first one."""
    with Upstream() as running:
        yield running


@pytest.mark.parametrize("kind", KINDS)
async def test_all_pages_are_one_answer(world: World, ada: Member, kind: str) -> None:
    pagination, answer, queries = KINDS[kind]
    lists = Lists(world, ada, pagination, answer)
    asked = {"limit": LIMIT} if kind == "page" else {}
    executed = await lists.execute(max_pages=10, **asked)
    assert executed.status == 200, executed.text
    assert executed.json["data"] == ROWS
    meta = executed.json["meta"]
    assert (meta["pages"], meta["attempts"], meta["truncated"]) == (3, 3, False)
    assert "next" not in meta
    assert [one.query for one in lists.received] == queries
    assert {one.headers["authorization"] for one in lists.received} == {f"Bearer {lists.token}"}
    row = world.log(executed)
    assert (row["status"], row["status_code"], row["attempts"]) == ("success", 200, 3)
    assert row["response_payload"] == ROWS
    assert row["request_payload"] == asked


@pytest.mark.parametrize("kind", ["cursor", "page", "offset"])
async def test_what_was_cut_off_goes_on_with_next(world: World, ada: Member, kind: str) -> None:
    pagination, answer, queries = KINDS[kind]
    lists = Lists(world, ada, pagination, answer)
    asked = {"limit": LIMIT} if kind == "page" else {}
    first = await lists.execute(max_pages=2, **asked)
    assert first.json["data"] == ROWS[:4]
    assert (first.json["meta"]["pages"], first.json["meta"]["truncated"]) == (2, True)
    rest = await lists.execute(max_pages=2, **first.json["meta"]["next"])
    assert rest.json["data"] == ROWS[4:]
    assert (rest.json["meta"]["pages"], rest.json["meta"]["truncated"]) == (1, False)
    assert "next" not in rest.json["meta"]
    assert [one.query for one in lists.received] == queries


@pytest.mark.parametrize("kind", ["link_header", "next_url"])
async def test_what_is_cut_off_by_address_says_so(world: World, ada: Member, kind: str) -> None:
    pagination, answer, queries = KINDS[kind]
    lists = Lists(world, ada, pagination, answer)
    executed = await lists.execute(max_pages=2)
    assert executed.json["data"] == ROWS[:4]
    assert (executed.json["meta"]["pages"], executed.json["meta"]["truncated"]) == (2, True)
    assert [one.query for one in lists.received] == queries[:2]


@pytest.mark.parametrize("kind", KINDS)
async def test_who_does_not_ask_for_pages_gets_one_as_it_is(world: World, ada: Member, kind: str) -> None:
    pagination, answer, _ = KINDS[kind]
    lists = Lists(world, ada, pagination, answer)
    executed = await lists.execute()
    data = executed.json["data"]
    assert (data if kind == "link_header" else data["rows"]) == ROWS[:2]
    assert isinstance(data, list) is (kind == "link_header")
    assert executed.json["meta"]["pages"] == 1
    assert len(lists.received) == 1


async def test_an_action_without_pages_has_none_to_follow(
    world: World, ada: Member, connection: UUID
) -> None:
    before = len(world.upstream.received("/echo"))
    answer = await ada.execute(connection, "echo", {"a": 1}, paginate={"max_pages": 2})
    assert answer.outcome == (400, "malformed_request")
    assert "pagination" in answer.json["detail"]
    check_refusal(world, ada, answer, attempts=0, request_payload={"a": 1})
    assert len(world.upstream.received("/echo")) == before


@pytest.mark.parametrize("kind", ["link_header", "next_url"])
@pytest.mark.parametrize("where", ["{other}/stolen", "//{host}/stolen", "{scheme}://localhost:{port}/stolen"])
async def test_no_credential_goes_to_another_address(
    world: World, ada: Member, elsewhere: Upstream, kind: str, where: str
) -> None:
    other = elsewhere.url
    target = where.format(other=other, host=other.partition("//")[2], scheme="http",
                          port=world.upstream.url.rpartition(":")[2])  # fmt: skip
    bodies = {"link_header": "[1]", "next_url": json.dumps({"rows": [1], "next": target})}
    answer = respond(
        text=bodies[kind],
        content_type="application/json",
        headers={"Link": f'<{target}>; rel="next"'} if kind == "link_header" else {},
    )
    lists = Lists(world, ada, KINDS[kind][0], answer)
    executed = await lists.execute(max_pages=5)
    assert executed.outcome == (502, "upstream_invalid_response")
    assert "another address" in executed.json["detail"]
    check_refusal(world, ada, executed, status="error", attempts=1)
    assert not elsewhere.received()
    assert not world.upstream.received("/stolen")


async def test_a_next_page_outside_of_the_path_is_still_the_services(world: World, ada: Member) -> None:
    pagination = KINDS["next_url"][0]
    lists = Lists(world, ada, pagination, page(rows=[1], next="/somewhere/else?x=a%2Fb"))
    world.upstream.on("/somewhere/else", page(rows=[2]))
    executed = await lists.execute(max_pages=5)
    assert executed.json["data"] == [1, 2]
    (second,) = world.upstream.received("/somewhere/else")
    assert (second.query, second.headers["authorization"]) == ({"x": "a/b"}, f"Bearer {lists.token}")


@pytest.mark.parametrize(
    ("pagination", "answer"),
    [
        (KINDS["cursor"][0], page(rows=[1], paging={"next": "same"})),
        (KINDS["next_url"][0], page(rows=[1], next="?again=1")),
    ],
    ids=["cursor", "next_url"],
)
async def test_a_page_that_names_itself_as_the_next(
    world: World, ada: Member, pagination: dict[str, Any], answer: Answer
) -> None:
    lists = Lists(world, ada, pagination, answer)
    executed = await lists.execute(max_pages=100)
    assert executed.outcome == (502, "upstream_invalid_response")
    check_refusal(world, ada, executed, status="error", attempts=2)
    assert len(lists.received) == 2


async def test_a_circle_ends_at_max_pages(world: World, ada: Member) -> None:
    pagination = KINDS["cursor"][0]
    circle = in_turn(*(page(rows=[1], paging={"next": "ab"[number % 2]}) for number in range(20)))
    executed = await Lists(world, ada, pagination, circle).execute(max_pages=7)
    assert executed.json["data"] == [1] * 7
    assert executed.json["meta"]["truncated"] is True


@pytest.mark.parametrize(
    ("second", "outcome", "words"),
    [
        (respond(status=500, text="no"), (502, "upstream_error"), "500"),
        (respond(text="{", content_type="application/json"), (502, "upstream_invalid_response"), ""),
        (page(rows={"no": "list"}), (502, "upstream_invalid_response"), "pagination.items"),
        (page(fault="worn out"), (502, "upstream_error"), "worn out"),
    ],
    ids=["status", "no JSON", "no list", "error in the body"],
)
async def test_an_error_on_the_second_page(
    world: World, ada: Member, second: Answer, outcome: tuple[int, str], words: str
) -> None:
    first = page(rows=[1], paging={"next": "2"})
    rules = {"response": {"error": "fault", "message": "fault"}}
    lists = Lists(world, ada, KINDS["cursor"][0], in_turn(first, second), **rules)
    executed = await lists.execute(max_pages=5)
    assert executed.outcome == outcome
    assert words in executed.json["detail"]
    check_refusal(world, ada, executed, status="error", attempts=2)


async def test_a_second_page_is_tried_again(world: World, ada: Member) -> None:
    answers = in_turn(
        page(rows=[1], paging={"next": "2"}), respond(status=503), page(rows=[2], paging={"next": ""})
    )
    lists = Lists(world, ada, KINDS["cursor"][0], answers, retry={"first_delay_ms": 1})
    executed = await lists.execute(max_pages=5)
    assert executed.json["data"] == [1, 2]
    assert (executed.json["meta"]["pages"], executed.json["meta"]["attempts"]) == (2, 3)
    assert world.log(executed)["attempts"] == 3
    assert [one.query for one in lists.received] == [{}, {"after": "2"}, {"after": "2"}]


async def test_a_token_that_expires_in_the_middle(world: World, ada: Member) -> None:
    service = await oauth_service(world, ada)
    path = f"/pages-{service.integration.hex}"
    world.action(service.integration, "list", path, "GET",
                 transform_config={"pagination": KINDS["cursor"][0]})  # fmt: skip
    expired = service.unless_expired(by_cursor)

    async def from_the_second_on(received: Received) -> web.StreamResponse:
        return await (expired if received.query else by_cursor)(received)

    world.upstream.on(path, from_the_second_on)
    executed = await ada.execute(service.connection, "list", paginate={"max_pages": 9})
    assert executed.status == 200, executed.text
    assert executed.json["data"] == ROWS
    meta = executed.json["meta"]
    assert (meta["pages"], meta["attempts"], meta["refreshed"]) == (3, 4, True)
    assert world.log(executed)["attempts"] == 4
    old, new = (f"Bearer {token}" for token in service.tokens)
    received = world.upstream.received(path)
    assert [one.headers["authorization"] for one in received] == [old, old, new, new]
    assert len(world.upstream.received(service.token_path)) == 1


async def test_items_are_found_and_not_mapped_again(world: World, ada: Member) -> None:
    answers = in_turn(page(rows=[1], paging={"next": "2"}), page(rows=None, paging={"next": "3"}), page())
    lists = Lists(world, ada, KINDS["cursor"][0], answers, response={"data": "paging"})
    assert (await lists.execute(max_pages=5)).json["data"] == [1]
