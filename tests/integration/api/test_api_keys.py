"""API keys over HTTP against a real database."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.api.gateways import RunningGateway
from tests.people import as_owner

KEYS = "/api/v2/api-keys"
ALL_SCOPES = {"execute", "connections:read", "connections:write", "logs:read", "catalog:write", "admin"}


class TestMaking:
    async def test_shows_the_key_once(self, gateway: RunningGateway, database_urls: DatabaseUrls) -> None:
        account = await gateway.account()

        made = await account.api.post(KEYS, {"name": "CI"})

        assert made.status == 201
        key = made.json["api_key"]
        assert key.startswith("pw_")
        assert key.startswith(made.json["prefix"])
        assert set(made.json["scopes"]) == ALL_SCOPES
        shown = await account.api.get(f"{KEYS}/{made.json['id']}")
        listed = await account.api.get(KEYS)
        assert key not in (shown.content + listed.content).decode()
        assert listed.json["data"] == [shown.json]
        stored = as_owner(database_urls, "SELECT * FROM api_keys WHERE id = %s::uuid", made.json["id"])
        assert key not in str(stored)

    async def test_acts_as_its_user_and_notes_its_use(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        made = (await account.api.post(KEYS, {"name": "CI"})).json
        assert (await account.api.get(f"{KEYS}/{made['id']}")).json["last_used_at"] is None

        me = await gateway.api.signed_in(made["api_key"]).get("/api/v2/auth/me")

        assert me.json["id"] == account.user_id
        assert (await account.api.get(f"{KEYS}/{made['id']}")).json["last_used_at"] is not None

    async def test_gives_a_viewer_what_a_viewer_may(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        viewer = await gateway.member(owner, "viewer")

        made = await viewer.api.post(KEYS, {"name": "watch", "workspace_id": owner.workspace_id})

        assert set(made.json["scopes"]) == {"connections:read", "logs:read"}

    async def test_keeps_to_the_scopes_asked_for(self, gateway: RunningGateway) -> None:
        account = await gateway.account()

        made = await account.api.post(KEYS, {"name": "x", "scopes": ["logs:read", "execute", "execute"]})

        assert made.json["scopes"] == ["logs:read", "execute"]
        by_key = gateway.api.signed_in(made.json["api_key"])
        assert (await by_key.post(KEYS, {"name": "y"})).code == "forbidden"
        assert (await by_key.get(KEYS)).code == "forbidden"

    async def test_with_rate_limits_that_its_own_keys_have_too(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        limits = [{"requests": 100, "per_seconds": 60}]

        made = await account.api.post(KEYS, {"name": "slow", "rate_limits": limits})

        assert made.json["rate_limits"] == limits
        by_key = gateway.api.signed_in(made.json["api_key"])
        child = await by_key.post(KEYS, {"name": "child"})
        assert child.json["rate_limits"] == limits
        assert (await account.api.get(KEYS)).json["data"][0]["rate_limits"] == limits

    async def test_names_what_will_not_do(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
        wrong: list[tuple[dict[str, object], str]] = [
            ({"scopes": []}, "/scopes"),
            ({"scopes": ["everything"]}, "/scopes/0"),
            ({"name": ""}, "/name"),
            ({"expires_at": past}, "/expires_at"),
            ({"expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
            ({"workspace_id": "x"}, "/workspace_id"),
            ({"rate_limits": [{"requests": 0, "per_seconds": 1}]}, "/rate_limits/0/requests"),
            ({"rate_limits": [{"requests": 1, "per_seconds": 1, "per": "x"}]}, "/rate_limits/0/per"),
            ({"rate_limits": [{"requests": 1, "per_seconds": 1}] * 11}, "/rate_limits"),
        ]
        for members, pointer in wrong:
            answer = await account.api.post(KEYS, {"name": "x", **members})
            assert answer.status == 400, members
            assert answer.json["errors"][0]["pointer"] == pointer

    async def test_for_a_workspace_of_somebody_else_there_is_none(self, gateway: RunningGateway) -> None:
        account, other = await gateway.account(), await gateway.account()

        answer = await account.api.post(KEYS, {"name": "x", "workspace_id": other.workspace_id})

        assert answer.code == "not_found"


class TestEnding:
    async def test_by_revocation_works_at_once_and_for_good(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        made = (await account.api.post(KEYS, {"name": "x"})).json
        by_key = gateway.api.signed_in(made["api_key"])
        assert (await by_key.get("/api/v2/workspaces")).status == 200

        revoked = await account.api.delete(f"{KEYS}/{made['id']}")
        first = (await account.api.get(f"{KEYS}/{made['id']}")).json["revoked_at"]
        again = await account.api.delete(f"{KEYS}/{made['id']}")

        assert (revoked.status, again.status) == (204, 204)
        assert (await by_key.get("/api/v2/workspaces")).code == "unauthenticated"
        assert (await by_key.get("/api/v2/auth/me")).code == "unauthenticated"
        assert (await account.api.get(f"{KEYS}/{made['id']}")).json["revoked_at"] == first

    async def test_by_expiry(self, gateway: RunningGateway, database_urls: DatabaseUrls) -> None:
        account = await gateway.account()
        soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        made = (await account.api.post(KEYS, {"name": "x", "expires_at": soon})).json
        by_key = gateway.api.signed_in(made["api_key"])
        assert (await by_key.get("/api/v2/workspaces")).status == 200
        as_owner(database_urls, "UPDATE api_keys SET expires_at = now() WHERE id = %s::uuid", made["id"])

        assert (await by_key.get("/api/v2/workspaces")).code == "unauthenticated"


class TestOthers:
    async def test_are_not_there(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        mate = await gateway.member(owner, "owner")
        made = (await owner.api.post(KEYS, {"name": "x"})).json

        assert (await mate.api.get(KEYS)).json["data"] == []
        assert (await mate.api.get(f"{KEYS}/{made['id']}")).code == "not_found"
        assert (await mate.api.delete(f"{KEYS}/{made['id']}")).code == "not_found"
        assert (await mate.api.delete(f"{KEYS}/{uuid4()}")).code == "not_found"

    async def test_are_hidden_from_a_key_that_is_limited(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        everywhere = (await account.api.post(KEYS, {"name": "everywhere"})).json
        limited = await gateway.api_key(account, workspace_id=account.workspace_id)

        seen = (await limited.get(KEYS)).json["data"]
        child = (await limited.post(KEYS, {"name": "child"})).json

        assert [entry["workspace_id"] for entry in seen] == [account.workspace_id]
        assert child["workspace_id"] == account.workspace_id
        assert (await limited.delete(f"{KEYS}/{everywhere['id']}")).code == "not_found"

    async def test_are_listed_page_by_page(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        for number in range(3):
            await account.api.post(KEYS, {"name": str(number)})

        first = (await account.api.get(f"{KEYS}?limit=2")).json
        second = (await account.api.get(f"{KEYS}?limit=2&cursor={first['next_cursor']}")).json

        assert [entry["name"] for entry in first["data"] + second["data"]] == ["0", "1", "2"]
        assert second["next_cursor"] is None


class TestStatus:
    async def test_tells_what_still_works(self, gateway: RunningGateway, database_urls: DatabaseUrls) -> None:
        account = await gateway.account()
        made = [(await account.api.post(KEYS, {"name": name})).json["id"] for name in ("a", "b", "c")]
        as_owner(
            database_urls, "UPDATE api_keys SET expires_at = now() - interval '1 hour' WHERE id = %s", made[1]
        )
        assert (await account.api.delete(f"{KEYS}/{made[2]}")).status == 204

        everything = (await account.api.get(KEYS)).json["data"]
        rest = (await account.api.get(f"{KEYS}?include_revoked=false")).json["data"]

        assert [(key["id"], key["status"]) for key in everything] == list(
            zip(made, ("active", "expired", "revoked"), strict=True)
        )
        assert rest == everything[:2]
        stranger = await gateway.account()
        assert (await stranger.api.get(KEYS)).json["data"] == []
