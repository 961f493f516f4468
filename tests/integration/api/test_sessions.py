"""A person's own sessions and password, and what the sign-in page offers."""

import pytest

from portway.application.ports.accounts import SignUpPolicy
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.rate_limits.memory import MemoryRateLimiter
from tests.integration.api.gateways import PASSWORD, Arrangement, RunningGateway, running
from tests.people import as_owner
from tests.serving import Answer

AUTH = "/api/v2/auth"
NEW_PASSWORD = "an even better horse"


async def sign_in(gateway: RunningGateway, email: str, password: str = PASSWORD, agent: str = "a") -> Answer:
    return await gateway.api.post(
        f"{AUTH}/sign-in", {"email": email, "password": password}, headers={"User-Agent": agent}
    )


class TestSessions:
    async def test_are_listed_and_ended(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        other = (await sign_in(gateway, account.email, agent="Firefox/150")).json
        elsewhere = gateway.api.signed_in(other["access_token"])

        listed = (await account.api.get(f"{AUTH}/sessions")).json
        by_agent = {session["user_agent"]: session for session in listed["data"]}
        ended = await account.api.delete(f"{AUTH}/sessions/{by_agent['Firefox/150']['id']}")
        again = await account.api.delete(f"{AUTH}/sessions/{by_agent['Firefox/150']['id']}")

        assert listed["next_cursor"] is None
        assert len(listed["data"]) == 2
        assert by_agent["Firefox/150"]["is_current"] is False
        assert [session["is_current"] for session in listed["data"]].count(True) == 1
        assert (ended.status, again.status) == (204, 404)
        assert (await elsewhere.get(f"{AUTH}/me")).status == 401
        assert (await account.api.get(f"{AUTH}/me")).status == 200

    async def test_are_nobody_elses(self, gateway: RunningGateway) -> None:
        account, stranger = await gateway.account(), await gateway.account()
        (session,) = (await account.api.get(f"{AUTH}/sessions")).json["data"]

        assert (await stranger.api.delete(f"{AUTH}/sessions/{session['id']}")).code == "not_found"
        assert (await gateway.api.get(f"{AUTH}/sessions")).status == 401
        assert (await account.api.get(f"{AUTH}/me")).status == 200

    async def test_are_nothing_for_keys_of_less(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        executing = await gateway.api_key(account, scopes=["execute"])
        limited = await gateway.api_key(account, workspace_id=account.workspace_id)

        assert (await executing.get(f"{AUTH}/sessions")).code == "forbidden"
        assert (await limited.get(f"{AUTH}/sessions")).json["data"] == []


class TestPassword:
    async def test_is_changed_and_ends_other_sessions(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        elsewhere = gateway.api.signed_in((await sign_in(gateway, account.email)).json["access_token"])

        answer = await account.api.post(
            f"{AUTH}/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        )

        assert answer.status == 204
        assert (await elsewhere.get(f"{AUTH}/me")).status == 401
        assert (await account.api.get(f"{AUTH}/me")).status == 200
        assert (await sign_in(gateway, account.email)).status == 401
        assert (await sign_in(gateway, account.email, NEW_PASSWORD)).status == 200

    async def test_needs_the_one_before_and_a_good_one(self, gateway: RunningGateway) -> None:
        account = await gateway.account()

        wrong = await account.api.post(
            f"{AUTH}/password", {"current_password": "guessed it", "new_password": NEW_PASSWORD}
        )
        short = await account.api.post(
            f"{AUTH}/password", {"current_password": PASSWORD, "new_password": "short"}
        )

        assert wrong.code == "forbidden"
        assert short.code == "malformed_request"
        assert (await sign_in(gateway, account.email)).status == 200

    async def test_is_nothing_that_an_api_key_changes(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        key = await gateway.api_key(account)

        answer = await key.post(
            f"{AUTH}/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        )

        assert answer.code == "forbidden"
        assert (await sign_in(gateway, account.email)).status == 200

    async def test_is_not_guessed_with_a_stolen_session(self, database_urls: DatabaseUrls) -> None:
        async with running(database_urls, Arrangement(limiter=MemoryRateLimiter())) as gateway:
            account = await gateway.account()
            codes = [
                (
                    await account.api.post(
                        f"{AUTH}/password", {"current_password": f"guess {n}", "new_password": NEW_PASSWORD}
                    )
                ).code
                for n in range(11)
            ]

        assert codes == ["forbidden"] * 10 + ["rate_limited"]

    async def test_of_who_has_none(self, gateway: RunningGateway, database_urls: DatabaseUrls) -> None:
        account = await gateway.account()
        as_owner(database_urls, "UPDATE users SET email = NULL WHERE id = %s", account.user_id)

        answer = await account.api.post(
            f"{AUTH}/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        )

        assert answer.code == "forbidden"
        assert "another service" in answer.json["detail"]


class TestOptions:
    @pytest.mark.parametrize("policy", SignUpPolicy)
    async def test_say_who_may_make_an_account(
        self, database_urls: DatabaseUrls, policy: SignUpPolicy
    ) -> None:
        async with running(database_urls, Arrangement(sign_up=policy)) as gateway:
            options = (await gateway.api.get(f"{AUTH}/options")).json

        assert options["sign_up"] == policy.value
        assert options["mail"] is False
        assert options["providers"] == []

    async def test_say_that_mail_is_sent(self, mailing_gateway: RunningGateway) -> None:
        assert (await mailing_gateway.api.get(f"{AUTH}/options")).json["mail"] is True

    async def test_say_whether_the_next_account_is_the_first(self, fresh_database_urls: DatabaseUrls) -> None:
        async with running(fresh_database_urls) as gateway:
            before = (await gateway.api.get(f"{AUTH}/options")).json
        async with running(
            fresh_database_urls, Arrangement(public_url="https://portway.example")
        ) as elsewhere:
            public = (await elsewhere.api.get(f"{AUTH}/options")).json
        async with running(fresh_database_urls) as gateway:
            await gateway.account()
            after = (await gateway.api.get(f"{AUTH}/options")).json

        assert (before["set_up_required"], before["set_up_link_required"]) == (
            True,
            False,
        )  # one's own machine
        assert (public["set_up_required"], public["set_up_link_required"]) == (True, True)
        assert (after["set_up_required"], after["set_up_link_required"]) == (False, False)
