"""Webhooks over HTTP against a real database."""

from typing import Any
from uuid import uuid4

import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.api.gateways import Account, RunningGateway
from tests.people import as_owner

WEBHOOKS = "/api/v2/webhooks"
EVENTS = "/api/v2/events"
URL = "https://hooks.example/portway"


async def new_webhook(account: Account, **members: Any) -> dict[str, Any]:
    body = {"url": URL, "events": ["connection.created"]} | members
    made = await account.api.post(WEBHOOKS, body)
    assert made.status == 201, made.content
    found: dict[str, Any] = made.json
    return found


class TestMaking:
    async def test_shows_the_secret_once(self, gateway: RunningGateway, database_urls: DatabaseUrls) -> None:
        account = await gateway.account()
        made = await new_webhook(
            account, events=["execution.failed", "connection.deleted", "execution.failed"], description="Ours"
        )
        assert made["secret"].startswith("whsec_")
        assert made["events"] == ["execution.failed", "connection.deleted"]
        assert (made["organization_id"], made["disabled_at"]) == (account.organization_id, None)
        shown = await account.api.get(f"{WEBHOOKS}/{made['id']}")
        listed = await account.api.get(WEBHOOKS)
        assert made["secret"] not in (shown.content + listed.content).decode()
        assert listed.json["data"] == [shown.json]
        assert made == shown.json | {"secret": made["secret"]}
        stored = as_owner(
            database_urls, "SELECT * FROM webhook_secrets WHERE endpoint_id = %s::uuid", made["id"]
        )
        assert made["secret"] not in str(stored)

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"url": "http://example.com/", "events": ["execution.failed"]}, "/url"),
            ({"url": "https://ada:pw@example.com/", "events": ["execution.failed"]}, "/url"),
            ({"url": "", "events": ["execution.failed"]}, "/url"),
            ({"url": URL, "events": []}, "/events"),
            ({"url": URL, "events": ["connection.exploded"]}, "/events/0"),
            ({"url": URL, "events": ["webhook.test"]}, "/events/0"),
            ({"url": URL, "events": ["execution.failed"], "secret": "mine"}, "/secret"),
            ({"events": ["execution.failed"]}, "/url"),
        ],
    )
    async def test_refuses_what_makes_no_sense(
        self, gateway: RunningGateway, body: dict[str, Any], pointer: str
    ) -> None:
        account = await gateway.account()
        answer = await account.api.post(WEBHOOKS, body)
        assert (answer.status, answer.code) == (400, "malformed_request")
        assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]

    async def test_is_for_those_who_administer_the_organization(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        member = await gateway.member(owner)
        stranger = await gateway.account()
        body = {"url": URL, "events": ["execution.failed"], "organization_id": owner.organization_id}
        assert (await member.api.post(WEBHOOKS, body)).code == "forbidden"
        assert (await stranger.api.post(WEBHOOKS, body)).code == "not_found"
        executing = await gateway.api_key(owner, scopes=["execute", "connections:read"])
        assert (await executing.post(WEBHOOKS, body)).code == "forbidden"
        assert (await executing.get(WEBHOOKS)).code == "forbidden"
        assert (await gateway.api.post(WEBHOOKS, body)).code == "unauthenticated"


class TestChanging:
    async def test_what_is_absent_stays(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        made = await new_webhook(account, description="Ours")
        address = f"{WEBHOOKS}/{made.pop('id')}"
        del made["secret"]
        assert (await account.api.patch(address, {})).status == 200
        changed = await account.api.patch(
            address, {"url": "https://other.example/", "events": ["execution.failed"], "description": None}
        )
        assert changed.status == 200, changed.content
        assert (
            changed.json.items()
            >= {
                "url": "https://other.example/",
                "events": ["execution.failed"],
                "description": None,
            }.items()
        )
        assert (await account.api.patch(address, {"url": "http://example.com"})).code == "malformed_request"
        assert (await account.api.patch(address, {"url": None})).code == "malformed_request"

    async def test_disabling_and_enabling(self, gateway: RunningGateway, database_urls: DatabaseUrls) -> None:
        account = await gateway.account()
        made = await new_webhook(account)
        address = f"{WEBHOOKS}/{made['id']}"
        off = (await account.api.patch(address, {"disabled": True})).json
        assert off["disabled_reason"] == "by_user"
        assert off["disabled_at"] is not None
        as_owner(
            database_urls,
            "UPDATE webhook_endpoints SET disabled_reason = 'failing', failing_since = now() - interval '5 days'"
            " WHERE id = %s::uuid",
            made["id"],
        )
        again = (await account.api.patch(address, {"disabled": True})).json
        assert (again["disabled_reason"], again["disabled_at"]) == ("failing", off["disabled_at"])
        on = (await account.api.patch(address, {"disabled": False})).json
        assert (on["disabled_at"], on["disabled_reason"], on["failing_since"]) == (None, None, None)

    async def test_deleting(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        made = await new_webhook(account)
        address = f"{WEBHOOKS}/{made['id']}"
        assert (await account.api.delete(address)).status == 204
        assert (await account.api.delete(address)).code == "not_found"
        assert (await account.api.get(address)).code == "not_found"

    async def test_a_new_secret(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        made = await new_webhook(account)
        rotated = await account.api.post(f"{WEBHOOKS}/{made['id']}/rotate-secret")
        assert rotated.status == 200
        assert rotated.json["secret"].startswith("whsec_")
        assert rotated.json["secret"] != made["secret"]


class TestDeliveries:
    async def test_a_test_event_and_its_replay(
        self, gateway: RunningGateway, database_urls: DatabaseUrls
    ) -> None:
        account = await gateway.account()
        made = await new_webhook(account)
        address = f"{WEBHOOKS}/{made['id']}"
        sent = await account.api.post(f"{address}/test")
        assert sent.status == 202
        delivery = sent.json
        assert (delivery["event_type"], delivery["status"], delivery["attempts"]) == (
            "webhook.test",
            "pending",
            0,
        )
        as_owner(
            database_urls,
            "UPDATE webhook_deliveries SET status = 'failed', next_attempt_at = NULL, completed_at = now(),"
            " error = 'upstream_timeout', attempts = 10, attempts_in_row = 10 WHERE id = %s::uuid",
            delivery["id"],
        )
        found = (await account.api.get(f"{address}/deliveries/{delivery['id']}")).json
        assert (found["status"], found["error"], found["attempts_made"]) == ("failed", "upstream_timeout", [])
        assert found["event"]["data"] == {
            "organization_id": account.organization_id,
            "webhook_id": made["id"],
        }
        replayed = await account.api.post(f"{address}/deliveries/{delivery['id']}/replay")
        assert replayed.status == 202
        assert (replayed.json["status"], replayed.json["event_id"]) == ("pending", delivery["event_id"])
        jobs = as_owner(
            database_urls,
            "SELECT args FROM jobs.procrastinate_jobs WHERE args ->> 'delivery_id' = %s",
            delivery["id"],
        )
        assert jobs == [({"delivery_id": delivery["id"]},)] * 2

    async def test_pages_and_filters(self, gateway: RunningGateway, database_urls: DatabaseUrls) -> None:
        account = await gateway.account()
        made = await new_webhook(account)
        address = f"{WEBHOOKS}/{made['id']}"
        ids = [(await account.api.post(f"{address}/test")).json["id"] for _ in range(3)]
        as_owner(
            database_urls,
            "UPDATE webhook_deliveries SET status = 'delivered', next_attempt_at = NULL, completed_at = now()"
            " WHERE id = %s::uuid",
            ids[0],
        )
        first = (await account.api.get(f"{address}/deliveries?limit=2")).json
        rest = (await account.api.get(f"{address}/deliveries?limit=2&cursor={first['next_cursor']}")).json
        assert [row["id"] for row in first["data"] + rest["data"]] == ids[::-1]
        assert rest["next_cursor"] is None
        delivered = (await account.api.get(f"{address}/deliveries?status=delivered")).json["data"]
        assert [row["id"] for row in delivered] == [ids[0]]
        other = await account.api.get(f"{address}/deliveries?event_type=connection.created")
        assert other.json["data"] == []
        for misspelt in ("status=lost", "event_type=x", "stat=delivered", "cursor=x"):
            assert (await account.api.get(f"{address}/deliveries?{misspelt}")).code == "malformed_request"
        events = (await account.api.get(f"{EVENTS}?type=webhook.test&limit=2")).json
        assert len(events["data"]) == 2
        assert events["next_cursor"] is not None
        assert (await account.api.get(f"{EVENTS}?type=connection.created")).json["data"] == []
        assert (await account.api.get(f"{EVENTS}?workspace_id={account.workspace_id}")).json["data"] == []

    async def test_nobody_else_sees_any_of_it(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        made = await new_webhook(owner)
        delivery = (await owner.api.post(f"{WEBHOOKS}/{made['id']}/test")).json
        other = await gateway.account()
        others = await new_webhook(other)
        member = await gateway.member(owner)
        for account in (other, member):
            for address in (
                f"{WEBHOOKS}/{made['id']}",
                f"{WEBHOOKS}/{made['id']}/deliveries",
                f"{WEBHOOKS}/{made['id']}/deliveries/{delivery['id']}",
                f"{WEBHOOKS}/{others['id'] if account is other else uuid4()}/deliveries/{delivery['id']}",
            ):
                assert (await account.api.get(address)).code == "not_found", address
            for address in ("rotate-secret", "test", f"deliveries/{delivery['id']}/replay"):
                answer = await account.api.post(f"{WEBHOOKS}/{made['id']}/{address}")
                assert answer.code == "not_found", address
            changed = await account.api.patch(f"{WEBHOOKS}/{made['id']}", {"disabled": True})
            assert changed.code == "not_found"
            assert (await account.api.delete(f"{WEBHOOKS}/{made['id']}")).code == "not_found"
            listed = f"?organization_id={owner.organization_id}"
            assert (await account.api.get(WEBHOOKS + listed)).json["data"] == []
            assert (await account.api.get(EVENTS + listed)).json["data"] == []
        assert (await other.api.post(
            f"{WEBHOOKS}/{others['id']}/deliveries/{delivery['id']}/replay"
        )).code == "not_found"  # fmt: skip
        assert (await owner.api.get(f"{WEBHOOKS}/{made['id']}")).json["disabled_at"] is None
