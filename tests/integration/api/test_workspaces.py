"""Workspaces over HTTP against a real database."""

import asyncio
from uuid import uuid4

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.api.gateways import Account, RunningGateway
from tests.people import as_owner

WORKSPACES = "/api/v2/workspaces"


def path_of(account: Account) -> str:
    return f"{WORKSPACES}/{account.workspace_id}"


class TestOwn:
    async def test_is_made_renamed_and_deleted(self, gateway: RunningGateway) -> None:
        account = await gateway.account()

        made = await account.api.post(
            WORKSPACES, {"organization_id": account.organization_id, "name": "Second"}
        )
        path = f"{WORKSPACES}/{made.json['id']}"
        renamed = await account.api.patch(path, {"name": "Renamed"})
        deleted = await account.api.delete(path)

        assert (made.status, made.json["role"]) == (201, "owner")
        assert renamed.json == made.json | {"name": "Renamed"}
        assert deleted.status == 204
        assert (await account.api.get(path)).code == "not_found"

    async def test_are_listed_by_organization(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        other = (await account.api.post("/api/v2/organizations", {"name": "Other"})).json

        everything = (await account.api.get(WORKSPACES)).json["data"]
        one = (await account.api.get(f"{WORKSPACES}?organization_id={other['id']}")).json["data"]
        none = (await account.api.get(f"{WORKSPACES}?organization_id={uuid4()}")).json["data"]

        assert {entry["id"] for entry in everything} == {account.workspace_id, other["workspace_id"]}
        assert [entry["id"] for entry in one] == [other["workspace_id"]]
        assert none == []


class TestOthers:
    async def test_are_not_there(self, gateway: RunningGateway) -> None:
        mine, other = await gateway.account(), await gateway.account()
        path = path_of(other)

        answers = [
            await mine.api.get(path),
            await mine.api.patch(path, {"name": "X"}),
            await mine.api.delete(path),
            await mine.api.get(f"{path}/members"),
            await mine.api.post(f"{path}/members", {"user_id": mine.user_id}),
            await mine.api.patch(f"{path}/members/{other.user_id}", {"role": "viewer"}),
            await mine.api.delete(f"{path}/members/{other.user_id}"),
            await mine.api.post(WORKSPACES, {"organization_id": other.organization_id, "name": "X"}),
        ]

        assert [answer.code for answer in answers] == ["not_found"] * 8
        assert answers[0].content == (await mine.api.get(f"{WORKSPACES}/{uuid4()}")).content


class TestMembers:
    async def test_are_shown_to_each_other(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        viewer = await gateway.member(owner, "viewer")

        seen = (await viewer.api.get(f"{path_of(owner)}/members")).json["data"]

        assert {(entry["email"], entry["role"]) for entry in seen} == {
            (owner.email, "owner"),
            (viewer.email, "viewer"),
        }

    async def test_page_by_page(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        for _ in range(2):
            await gateway.member(owner)

        first = (await owner.api.get(f"{path_of(owner)}/members?limit=2")).json
        second = (await owner.api.get(f"{path_of(owner)}/members?limit=2&cursor={first['next_cursor']}")).json

        assert (len(first["data"]), len(second["data"]), second["next_cursor"]) == (2, 1, None)

    async def test_do_what_their_role_allows(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        admin = await gateway.member(owner, "admin")
        member = await gateway.member(owner, "member")
        path = path_of(owner)

        assert (await member.api.patch(path, {"name": "X"})).code == "forbidden"
        assert (await member.api.delete(path)).code == "forbidden"
        other = f"{path}/members/{admin.user_id}"
        assert (await member.api.patch(other, {"role": "viewer"})).code == "forbidden"
        assert (await member.api.delete(other)).code == "forbidden"
        assert (await admin.api.patch(path, {"name": "Admin's"})).status == 200
        assert (await admin.api.delete(path)).code == "forbidden"
        assert (await admin.api.patch(f"{path}/members/{member.user_id}", {"role": "viewer"})).json[
            "role"
        ] == "viewer"
        for role in ("owner", "admin", "viewer"):
            raised = await admin.api.patch(f"{path}/members/{admin.user_id}", {"role": role})
            assert raised.status == (403 if role == "owner" else 200), role
        assert (await admin.api.get(path)).json["role"] == "viewer"

    async def test_nobody_touches_who_is_stronger(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        admin = await gateway.member(owner, "admin")
        path = f"{path_of(owner)}/members/{owner.user_id}"
        second = await gateway.member(owner, "owner")

        assert (await admin.api.patch(path, {"role": "member"})).code == "forbidden"
        assert (await admin.api.delete(path)).code == "forbidden"
        assert (await second.api.patch(path, {"role": "member"})).status == 200

    async def test_come_from_the_organization_without_an_invitation(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        member, stranger = await gateway.member(owner), await gateway.account()
        second = (
            await owner.api.post(WORKSPACES, {"organization_id": owner.organization_id, "name": "2nd"})
        ).json["id"]
        path = f"{WORKSPACES}/{second}/members"

        added = await owner.api.post(path, {"user_id": member.user_id, "role": "viewer"})
        again = await owner.api.post(path, {"user_id": member.user_id})
        unknown = await owner.api.post(path, {"user_id": stranger.user_id})

        assert (added.status, added.json["role"], added.json["email"]) == (201, "viewer", member.email)
        assert (again.code, unknown.code) == ("conflict", "not_found")
        assert (await member.api.get(f"{WORKSPACES}/{second}")).json["role"] == "viewer"

    async def test_the_last_owner_stays(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        path = f"{path_of(owner)}/members/{owner.user_id}"

        assert (await owner.api.patch(path, {"role": "admin"})).code == "forbidden"
        assert (await owner.api.delete(path)).code == "forbidden"
        assert (await owner.api.patch(path, {"role": "owner"})).status == 200

    async def test_two_owners_who_go_at_once_leave_one(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        second = await gateway.member(owner, "owner")
        path = f"{path_of(owner)}/members"

        answers = await asyncio.gather(
            owner.api.delete(f"{path}/{owner.user_id}"), second.api.delete(f"{path}/{second.user_id}")
        )

        assert sorted(answer.status for answer in answers) == [204, 403]

    async def test_leave_by_themselves(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        member = await gateway.member(owner)

        left = await member.api.delete(f"{path_of(owner)}/members/{member.user_id}")

        assert left.status == 204
        assert (await member.api.get(path_of(owner))).code == "not_found"


class TestOrganizationAdmins:
    async def test_administer_without_being_members(
        self, gateway: RunningGateway, database_urls: DatabaseUrls
    ) -> None:
        owner = await gateway.account()
        admin = await gateway.member(owner)
        as_owner(
            database_urls,
            "UPDATE organization_members SET role = 'admin' WHERE user_id = %s::uuid",
            admin.user_id,
        )
        await owner.api.delete(f"{path_of(owner)}/members/{admin.user_id}")

        seen = await admin.api.get(path_of(owner))

        assert (seen.status, seen.json["role"]) == (200, None)
        assert (await admin.api.patch(path_of(owner), {"name": "X"})).status == 200
        assert (await admin.api.delete(path_of(owner))).code == "forbidden"
        joined = await admin.api.post(
            f"{path_of(owner)}/members", {"user_id": admin.user_id, "role": "owner"}
        )
        assert joined.code == "forbidden"


class TestKeys:
    async def test_limited_to_a_workspace_see_no_other(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        body = {"organization_id": account.organization_id, "name": "Other"}
        other = (await account.api.post(WORKSPACES, body)).json["id"]
        limited = await gateway.api_key(account, workspace_id=account.workspace_id)

        assert [entry["id"] for entry in (await limited.get(WORKSPACES)).json["data"]] == [
            account.workspace_id
        ]
        assert (await limited.get(f"{WORKSPACES}/{other}")).code == "not_found"
        assert (await limited.patch(f"{WORKSPACES}/{other}", {"name": "X"})).code == "not_found"
        assert (await limited.post(WORKSPACES, body)).code == "forbidden"
        assert (await limited.patch(path_of(account), {"name": "Mine"})).status == 200

    async def test_without_admin_change_nothing(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        runner = await gateway.api_key(account, scopes=["execute", "connections:write", "catalog:write"])

        assert (await runner.get(path_of(account))).status == 200
        assert (await runner.patch(path_of(account), {"name": "X"})).code == "forbidden"
        assert (await runner.delete(path_of(account))).code == "forbidden"
        assert (await runner.get(f"{path_of(account)}/members")).code == "forbidden"


class TestRights:
    async def test_are_those_of_the_role(self, gateway: RunningGateway) -> None:
        owner = await gateway.account(name="Olga")
        can: dict[str, dict[str, object]] = {}
        for role in ("admin", "member", "viewer"):
            account = await gateway.member(owner, role)
            shown = (await account.api.get(path_of(owner))).json
            assert (shown["role"], shown["organization_name"]) == (role, "Olga")
            can[role] = shown["can"]

        everything = {
            **dict.fromkeys(("rename", "delete", "manage_members", "connect", "execute", "read_logs"), True),
            "grant": ["viewer", "member", "admin", "owner"],
        }
        assert (await owner.api.get(path_of(owner))).json["can"] == everything
        assert can["admin"] == everything | {"delete": False, "grant": ["viewer", "member", "admin"]}
        nothing_given = {"rename": False, "delete": False, "manage_members": False, "grant": []}
        assert can["member"] == everything | nothing_given
        assert can["viewer"] == everything | nothing_given | {"connect": False, "execute": False}

    async def test_of_an_admin_who_is_no_member_end_at_the_door(
        self, gateway: RunningGateway, database_urls: DatabaseUrls
    ) -> None:
        owner = await gateway.account()
        admin = await gateway.member(owner)
        as_owner(
            database_urls, "UPDATE organization_members SET role = 'admin' WHERE user_id = %s", admin.user_id
        )
        body = {"organization_id": owner.organization_id, "name": "Closed"}
        closed = (await owner.api.post(WORKSPACES, body)).json

        seen = (await admin.api.get(f"{WORKSPACES}/{closed['id']}")).json

        assert seen["role"] is None
        assert (seen["can"]["manage_members"], seen["can"]["execute"], seen["can"]["read_logs"]) == (
            True, False, False,
        )  # fmt: skip

    async def test_of_a_key_end_with_its_scopes(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        key = await gateway.api_key(owner, scopes=["execute"])

        can = (await key.get(path_of(owner))).json["can"]

        assert {name for name, may in can.items() if may} == {"execute"}
