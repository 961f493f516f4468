"""Invitations over HTTP against a real database."""

from collections.abc import Awaitable
from uuid import uuid4

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.fakes.mail import RecordingMailer
from tests.integration.api.gateways import PASSWORD, Account, RunningGateway
from tests.people import as_owner
from tests.serving import Answer

INVITATIONS = "/api/v2/invitations"


async def invite(account: Account, email: str, role: str = "member") -> Answer:
    return await account.api.post(
        INVITATIONS, {"workspace_id": account.workspace_id, "email": email, "role": role}
    )


def token_of(answer: Answer) -> str:
    assert answer.status == 201, answer.content
    return str(answer.json["url"].partition("#token=")[2])


class TestMaking:
    async def test_shows_the_link_once_where_there_is_no_mail(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()

        made = await invite(owner, "New@Example.com", "viewer")

        assert made.status == 201
        assert made.json["url"].startswith("http://127.0.0.1:8000/invitation#token=")
        assert (made.json["email"], made.json["role"]) == ("new@example.com", "viewer")
        shown = (await owner.api.get(f"{INVITATIONS}/{made.json['id']}")).json
        assert shown == {name: value for name, value in made.json.items() if name != "url"}
        assert (await owner.api.get(INVITATIONS)).json["data"] == [shown]

    async def test_is_limited_by_the_inviters_role(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        admin = await gateway.member(owner, "admin")
        member = await gateway.member(owner)
        stranger = await gateway.account()

        async def as_role(account: Account, role: str) -> int:
            body = {"workspace_id": owner.workspace_id, "email": "x@example.com", "role": role}
            return (await account.api.post(INVITATIONS, body)).status

        assert await as_role(owner, "owner") == 201
        assert await as_role(admin, "admin") == 201
        assert await as_role(admin, "owner") == 403
        assert await as_role(member, "viewer") == 403
        assert await as_role(stranger, "viewer") == 404

    async def test_mails_the_link_and_shows_it_to_nobody_else(
        self, mailing_gateway: RunningGateway, mailer: RecordingMailer
    ) -> None:
        owner = await mailing_gateway.account(name="Evil\r\nBcc: everybody@example.com")

        made = await invite(owner, "mailed@example.com")

        assert made.json["url"] is None
        (mail,) = mailer.to("mailed@example.com")
        token = mailer.token_to("mailed@example.com")
        assert token in mail.text
        joined = await mailing_gateway.account("mailed@example.com", invitation_token=token)
        # The link went to the address alone, so whoever has it has the address.
        assert (await joined.api.get("/api/v2/auth/me")).json["email_verified"] is True

    async def test_leaves_nothing_where_the_mail_server_refuses(
        self, mailing_gateway: RunningGateway, mailer: RecordingMailer
    ) -> None:
        owner = await mailing_gateway.account()
        mailer.broken = True
        try:
            answer = await invite(owner, "unreachable@example.com")
        finally:
            mailer.broken = False

        assert (answer.status, answer.code) == (503, "unavailable")
        assert (await owner.api.get(INVITATIONS)).json["data"] == []


class TestSendingAgain:
    async def test_makes_a_new_link_and_ends_the_one_before(self, gateway: RunningGateway) -> None:
        owner = await gateway.account(name="Olga")
        made = await invite(owner, "again@example.com")

        again = await owner.api.post(f"{INVITATIONS}/{made.json['id']}/resend")

        assert again.status == 200, again.content
        assert again.json["url"] != made.json["url"]
        assert again.json["expires_at"] > made.json["expires_at"]
        changing = {"url": "", "expires_at": ""}
        assert again.json | changing == made.json | changing
        assert (again.json["invited_by_email"], again.json["invited_by_name"]) == (owner.email, "Olga")
        assert (again.json["mailed"], again.json["workspace_name"]) == (False, "Olga")
        other = await gateway.account("again@example.com")
        old = await other.api.post(f"{INVITATIONS}/accept", {"token": token_of(made)})
        assert old.code == "not_found"
        new = {"token": again.json["url"].partition("token=")[2]}
        accepted = await other.api.post(f"{INVITATIONS}/accept", new)
        assert (accepted.status, accepted.json["id"]) == (200, owner.workspace_id)
        used = await owner.api.post(f"{INVITATIONS}/{made.json['id']}/resend")
        assert used.code == "not_found"

    async def test_is_the_administrators(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        admin = await gateway.member(owner, "admin")
        member = await gateway.member(owner)
        stranger = await gateway.account()
        limited = await gateway.api_key(owner, scopes=["execute"])
        of_owner, of_member = (
            await invite(owner, "o@example.com", "owner"),
            await invite(owner, "m@example.com"),
        )

        def again(account: Account, made: Answer) -> Awaitable[Answer]:
            return account.api.post(f"{INVITATIONS}/{made.json['id']}/resend")

        assert (await again(admin, of_member)).status == 200
        assert (await again(admin, of_owner)).code == "forbidden"
        assert (await again(member, of_member)).code == "not_found"
        assert (await again(stranger, of_member)).code == "not_found"
        assert (await limited.post(f"{INVITATIONS}/{of_member.json['id']}/resend")).code == "forbidden"

    async def test_mails_the_new_link(self, mailing_gateway: RunningGateway, mailer: RecordingMailer) -> None:
        owner = await mailing_gateway.account()
        made = await invite(owner, "mail-again@example.com")
        before = len(mailer.sent)

        again = await owner.api.post(f"{INVITATIONS}/{made.json['id']}/resend")

        assert (again.json["url"], again.json["mailed"]) == (None, True)
        assert [mail.to for mail in mailer.sent[before:]] == ["mail-again@example.com"]

    async def test_leaves_the_link_as_it_was_where_the_mail_server_refuses(
        self, mailing_gateway: RunningGateway, mailer: RecordingMailer
    ) -> None:
        owner = await mailing_gateway.account()
        made = await invite(owner, "works-on@example.com")
        token = mailer.token_to("works-on@example.com")
        mailer.broken = True
        try:
            again = await owner.api.post(f"{INVITATIONS}/{made.json['id']}/resend")
        finally:
            mailer.broken = False
        assert (again.status, again.code) == (503, "unavailable")
        joined = await mailing_gateway.account("works-on@example.com", invitation_token=token)
        assert (await joined.api.get("/api/v2/auth/me")).json["email_verified"] is True


class TestAccepting:
    async def test_joins_somebody_who_has_an_account(self, gateway: RunningGateway) -> None:
        owner, other = await gateway.account(), await gateway.account()
        token = token_of(await invite(owner, other.email))

        joined = await other.api.post(f"{INVITATIONS}/accept", {"token": token})
        again = await other.api.post(f"{INVITATIONS}/accept", {"token": token})

        assert (joined.status, joined.json["id"], joined.json["role"]) == (200, owner.workspace_id, "member")
        assert (again.status, again.code) == (404, "not_found")
        assert (await owner.api.get(INVITATIONS)).json["data"] == []

    async def test_raises_a_weaker_role_and_lowers_none(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        member = await gateway.member(owner, "member")

        for role, then in (("viewer", "member"), ("admin", "admin")):
            token = token_of(await invite(owner, member.email, role))
            joined = await member.api.post(f"{INVITATIONS}/accept", {"token": token})
            assert joined.json["role"] == then

    async def test_is_too_late_after_a_week(
        self, gateway: RunningGateway, database_urls: DatabaseUrls
    ) -> None:
        owner, other = await gateway.account(), await gateway.account()
        made = await invite(owner, other.email)
        as_owner(
            database_urls, "UPDATE invitations SET expires_at = now() WHERE id = %s::uuid", made.json["id"]
        )

        late = await other.api.post(f"{INVITATIONS}/accept", {"token": token_of(made)})
        sign_up = {"email": "late@example.com", "password": PASSWORD, "invitation_token": token_of(made)}

        assert late.code == "not_found"
        assert (await owner.api.get(INVITATIONS)).json["data"] == []
        assert (await gateway.api.post("/api/v2/auth/sign-up", sign_up)).code == "forbidden"

    async def test_is_a_persons_affair(self, gateway: RunningGateway) -> None:
        owner, other = await gateway.account(), await gateway.account()
        body = {"token": token_of(await invite(owner, other.email))}
        limited = await gateway.api_key(other, workspace_id=other.workspace_id)
        runner = await gateway.api_key(other, scopes=["execute"])

        assert (await limited.post(f"{INVITATIONS}/accept", body)).code == "forbidden"
        assert (await runner.post(f"{INVITATIONS}/accept", body)).code == "forbidden"
        assert (await other.api.post(f"{INVITATIONS}/accept", body)).status == 200


class TestWithdrawing:
    async def test_ends_the_link(self, gateway: RunningGateway) -> None:
        owner, other = await gateway.account(), await gateway.account()
        made = await invite(owner, other.email)
        path = f"{INVITATIONS}/{made.json['id']}"

        assert (await owner.api.delete(path)).status == 204
        assert (await owner.api.delete(path)).code == "not_found"
        accepted = await other.api.post(f"{INVITATIONS}/accept", {"token": token_of(made)})
        assert accepted.code == "not_found"

    async def test_is_the_administrators(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        member, stranger = await gateway.member(owner), await gateway.account()
        path = f"{INVITATIONS}/{(await invite(owner, 'x@example.com')).json['id']}"

        for account in (member, stranger):
            assert (await account.api.get(path)).code == "not_found"
            assert (await account.api.delete(path)).code == "not_found"
            assert (await account.api.get(INVITATIONS)).json["data"] == []
        assert (await owner.api.get(f"{INVITATIONS}/{uuid4()}")).code == "not_found"

    async def test_lists_by_workspace_and_page(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        for number in range(3):
            await invite(owner, f"x{number}@example.com")

        first = (await owner.api.get(f"{INVITATIONS}?workspace_id={owner.workspace_id}&limit=2")).json
        second = (await owner.api.get(f"{INVITATIONS}?limit=2&cursor={first['next_cursor']}")).json
        elsewhere = (await owner.api.get(f"{INVITATIONS}?workspace_id={uuid4()}")).json

        assert (len(first["data"]), len(second["data"]), elsewhere["data"]) == (2, 1, [])
