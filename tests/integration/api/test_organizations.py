"""Organizations over HTTP against a real database."""

from uuid import uuid4

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.api.gateways import Account, RunningGateway
from tests.people import as_owner
from tests.serving import ApiClient

ORGANIZATIONS = "/api/v2/organizations"


async def raise_to(account: Account, role: str, database_urls: DatabaseUrls) -> None:
    as_owner(
        database_urls,
        "UPDATE organization_members SET role = %s WHERE user_id = %s::uuid",
        role,
        account.user_id,
    )


class TestOwn:
    async def test_is_made_with_a_workspace(self, gateway: RunningGateway) -> None:
        account = await gateway.account()

        made = await account.api.post(ORGANIZATIONS, {"name": " Example Ltd "})

        assert made.status == 201
        assert (made.json["name"], made.json["role"]) == ("Example Ltd", "owner")
        shown = await account.api.get(f"{ORGANIZATIONS}/{made.json['id']}")
        assert shown.json == {name: value for name, value in made.json.items() if name != "workspace_id"}
        workspace = await account.api.get(f"/api/v2/workspaces/{made.json['workspace_id']}")
        assert workspace.json["organization_id"] == made.json["id"]

    async def test_is_renamed_and_deleted_with_all_that_is_in_it(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        path = f"{ORGANIZATIONS}/{account.organization_id}"

        renamed = await account.api.patch(path, {"name": "Other"})
        deleted = await account.api.delete(path)

        assert renamed.json["name"] == "Other"
        assert deleted.status == 204
        assert (await account.api.get(path)).code == "not_found"
        assert (await account.api.get(f"/api/v2/workspaces/{account.workspace_id}")).code == "not_found"

    async def test_are_listed_page_by_page(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        for name in ("b", "c", "d", "e"):
            await account.api.post(ORGANIZATIONS, {"name": name})

        pages, cursor = [], ""
        while True:
            page = (await account.api.get(f"{ORGANIZATIONS}?limit=2{cursor}")).json
            pages.append([entry["id"] for entry in page["data"]])
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"

        assert [len(page) for page in pages] == [2, 2, 1]
        assert len({organization for page in pages for organization in page}) == 5

    async def test_bad_limits_and_cursors_are_named(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        for query, pointer in [
            ("limit=0", "/query/limit"),
            ("limit=201", "/query/limit"),
            ("limit=many", "/query/limit"),
            ("cursor=nonsense", "/query/cursor"),
            ("cursor=WyJ4Il0", "/query/cursor"),
            ("cursor=%00", None),
        ]:
            answer = await account.api.get(f"{ORGANIZATIONS}?{query}")
            assert answer.status == 400, query
            assert answer.code == "malformed_request"
            assert [fault["pointer"] for fault in answer.json.get("errors", [])] == (
                [pointer] if pointer else []
            )


class TestOthers:
    async def test_are_not_there(self, gateway: RunningGateway) -> None:
        mine, other = await gateway.account(), await gateway.account()
        path = f"{ORGANIZATIONS}/{other.organization_id}"

        missing = await mine.api.get(f"{ORGANIZATIONS}/{uuid4()}")
        answers = [
            await mine.api.get(path),
            await mine.api.patch(path, {"name": "X"}),
            await mine.api.delete(path),
            await mine.api.get(f"{path}/members"),
            await mine.api.patch(f"{path}/members/{other.user_id}", {"role": "member"}),
            await mine.api.delete(f"{path}/members/{other.user_id}"),
        ]

        assert [answer.code for answer in answers] == ["not_found"] * 6
        assert answers[0].content == missing.content
        assert (await other.api.get(path)).status == 200

    async def test_ids_that_are_none_are_the_callers_mistake(self, gateway: RunningGateway) -> None:
        account = await gateway.account()

        answer = await account.api.get(f"{ORGANIZATIONS}/not-an-id")

        assert answer.json["errors"][0]["pointer"] == "/path/organization_id"


class TestRoles:
    async def test_a_member_sees_and_changes_nothing(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        member = await gateway.member(owner)
        path = f"{ORGANIZATIONS}/{owner.organization_id}"

        assert (await member.api.get(path)).json["role"] == "member"
        assert (await member.api.patch(path, {"name": "X"})).code == "forbidden"
        assert (await member.api.delete(path)).code == "forbidden"
        members = (await member.api.get(f"{path}/members")).json["data"]
        assert [entry["user_id"] for entry in members] == [member.user_id]
        changed = await member.api.patch(f"{path}/members/{member.user_id}", {"role": "owner"})
        assert changed.code == "forbidden"

    async def test_an_admin_renames_and_deletes_not(
        self, gateway: RunningGateway, database_urls: DatabaseUrls
    ) -> None:
        owner = await gateway.account()
        admin = await gateway.member(owner)
        await raise_to(admin, "admin", database_urls)
        path = f"{ORGANIZATIONS}/{owner.organization_id}"

        assert (await admin.api.patch(path, {"name": "X"})).status == 200
        assert (await admin.api.delete(path)).code == "forbidden"
        raised = await admin.api.patch(f"{path}/members/{admin.user_id}", {"role": "owner"})
        assert raised.code == "forbidden"
        assert (await admin.api.delete(f"{path}/members/{owner.user_id}")).code == "forbidden"

    async def test_an_owner_gives_roles(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        member = await gateway.member(owner)
        path = f"{ORGANIZATIONS}/{owner.organization_id}/members"

        changed = await owner.api.patch(f"{path}/{member.user_id}", {"role": "admin"})

        assert (changed.status, changed.json["role"], changed.json["email"]) == (200, "admin", member.email)
        assert len((await member.api.get(path)).json["data"]) == 2
        viewer = await owner.api.patch(f"{path}/{member.user_id}", {"role": "viewer"})
        assert viewer.json["errors"][0]["pointer"] == "/role"

    async def test_the_last_owner_stays(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        member = await gateway.member(owner)
        path = f"{ORGANIZATIONS}/{owner.organization_id}/members"

        assert (await owner.api.patch(f"{path}/{owner.user_id}", {"role": "member"})).code == "forbidden"
        assert (await owner.api.delete(f"{path}/{owner.user_id}")).code == "forbidden"
        await owner.api.patch(f"{path}/{member.user_id}", {"role": "owner"})
        assert (await owner.api.delete(f"{path}/{owner.user_id}")).status == 204
        assert (await owner.api.get(f"{ORGANIZATIONS}/{owner.organization_id}")).code == "not_found"
        assert (await member.api.delete(f"{path}/{member.user_id}")).code == "forbidden"

    async def test_who_leaves_loses_the_workspaces_too(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        member = await gateway.member(owner)

        left = await member.api.delete(f"{ORGANIZATIONS}/{owner.organization_id}/members/{member.user_id}")

        assert left.status == 204
        assert (await member.api.get("/api/v2/workspaces")).json["data"] == []
        again = await gateway.api.signed_in(member.access_token).get("/api/v2/auth/me")
        assert again.status == 200

    async def test_an_owner_removes_somebody(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        member = await gateway.member(owner)
        path = f"{ORGANIZATIONS}/{owner.organization_id}/members/{member.user_id}"

        assert (await owner.api.delete(path)).status == 204
        assert (await owner.api.delete(path)).code == "not_found"
        assert (await member.api.get(f"/api/v2/workspaces/{owner.workspace_id}")).code == "not_found"


class TestKeys:
    async def test_without_admin_read_only_what_finding_a_workspace_needs(
        self, gateway: RunningGateway
    ) -> None:
        account = await gateway.account()
        runner = await gateway.api_key(account, scopes=["execute"])
        path = f"{ORGANIZATIONS}/{account.organization_id}"

        assert (await runner.get(path)).status == 200
        assert (await runner.get(f"{path}/members")).code == "forbidden"
        assert (await runner.post(ORGANIZATIONS, {"name": "X"})).code == "forbidden"
        assert (await runner.patch(path, {"name": "X"})).code == "forbidden"
        assert (await runner.delete(path)).code == "forbidden"

    async def test_limited_to_a_workspace_administer_no_organization(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        elsewhere = (await account.api.post(ORGANIZATIONS, {"name": "Elsewhere"})).json["id"]
        limited = await gateway.api_key(account, workspace_id=account.workspace_id)
        path = f"{ORGANIZATIONS}/{account.organization_id}"

        seen = (await limited.get(ORGANIZATIONS)).json["data"]
        assert [entry["id"] for entry in seen] == [account.organization_id]
        assert (await limited.get(f"{ORGANIZATIONS}/{elsewhere}")).code == "not_found"
        assert (await limited.post(ORGANIZATIONS, {"name": "X"})).code == "forbidden"
        assert (await limited.patch(path, {"name": "X"})).code == "forbidden"
        assert (await limited.delete(path)).code == "forbidden"
        assert (await limited.delete(f"{path}/members/{account.user_id}")).code == "forbidden"


class TestRights:
    async def test_are_those_of_the_role(self, gateway: RunningGateway, database_urls: DatabaseUrls) -> None:
        owner = await gateway.account()
        member = await gateway.member(owner)

        async def rights(api: ApiClient) -> set[str]:
            can = (await api.get(f"{ORGANIZATIONS}/{owner.organization_id}")).json["can"]
            return {name for name, may in can.items() if may}

        of_owner = {
            "rename", "delete", "manage_members", "change_roles", "create_workspaces", "edit_catalog",
            "manage_webhooks",
        }  # fmt: skip
        assert await rights(owner.api) == of_owner
        assert await rights(member.api) == set()
        await raise_to(member, "admin", database_urls)
        assert await rights(member.api) == of_owner - {"delete", "change_roles"}
        limited = await gateway.api_key(owner, workspace_id=owner.workspace_id)
        assert await rights(limited) == set()
        assert await rights(await gateway.api_key(owner, scopes=["catalog:write"])) == {"edit_catalog"}
