"""Accounts over HTTP against a real database."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from portway.application.ports.accounts import SignUpPolicy
from portway.domain.errors import Unauthenticated
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.rate_limits.memory import MemoryRateLimiter
from tests.fakes.mail import RecordingMailer
from tests.integration.api.gateways import PASSWORD, Account, Arrangement, RunningGateway, running
from tests.people import as_owner
from tests.serving import Answer

AUTH = "/api/v2/auth"


async def sign_in(gateway: RunningGateway, email: str, password: str = PASSWORD, **members: object) -> Answer:
    return await gateway.api.post(f"{AUTH}/sign-in", {"email": email, "password": password} | members)


async def refresh(gateway: RunningGateway, token: str) -> Answer:
    return await gateway.api.post(f"{AUTH}/refresh", {"refresh_token": token})


def faults(answer: Answer) -> list[str]:
    """Where the problem says that something is wrong."""
    assert answer.code == "malformed_request"
    return [fault["pointer"] for fault in answer.json["errors"]]


class TestSignUp:
    async def test_gives_tokens_and_a_place(self, gateway: RunningGateway) -> None:
        answer = await gateway.api.post(
            f"{AUTH}/sign-up", {"email": "Ann.New@Example.com", "password": PASSWORD, "name": "Ann"}
        )

        assert answer.status == 201
        made = answer.json
        assert made["token_type"] == "Bearer"
        assert 0 < made["expires_in"] <= 900
        assert made["user"]["email"] == "ann.new@example.com"
        assert made["user"]["name"] == "Ann"
        assert made["user"]["email_verified"] is False
        me = gateway.api.signed_in(made["access_token"])
        workspaces = (await me.get("/api/v2/workspaces")).json["data"]
        assert [(entry["id"], entry["role"]) for entry in workspaces] == [(made["workspace_id"], "owner")]
        organizations = (await me.get("/api/v2/organizations")).json["data"]
        assert [entry["id"] for entry in organizations] == [made["organization_id"]]

    async def test_takes_the_addresses_of_a_house(self, gateway: RunningGateway) -> None:
        for email in ("admin@mail.local", "root@localhost", "zoë@münchen.example"):
            assert (await gateway.account(email)).email == email

    async def test_refuses_an_address_that_has_an_account(self, gateway: RunningGateway) -> None:
        account = await gateway.account()

        answer = await gateway.api.post(
            f"{AUTH}/sign-up", {"email": account.email.upper(), "password": PASSWORD}
        )

        assert (answer.status, answer.code) == (409, "conflict")

    @pytest.mark.parametrize(
        ("members", "pointer"),
        [
            ({"password": "too short"}, "/password"),
            ({"password": "x" * 1001}, "/password"),
            ({"password": "someone.long@example.com"}, "/password"),
            ({"email": "nobody"}, "/email"),
            ({"email": "a@example.com\r\nBcc: b@example.com"}, "/email"),
            ({"name": " "}, "/name"),
            ({"nickname": "x"}, "/nickname"),
            ({"name": "a\0b"}, "/name"),
        ],
    )
    async def test_names_what_will_not_do(
        self, gateway: RunningGateway, members: dict[str, str], pointer: str
    ) -> None:
        body = {"email": "someone.long@example.com", "password": PASSWORD} | members

        answer = await gateway.api.post(f"{AUTH}/sign-up", body)

        assert answer.status == 400
        assert faults(answer) == [pointer]

    async def test_counts_a_password_after_normalization(self, gateway: RunningGateway) -> None:
        # Ten letters as typed, and as NFKC writes them: the ligature becomes two.
        account = await gateway.account(password="ﬁne words")

        assert (await sign_in(gateway, account.email, "fine words")).status == 200

    async def test_first_account_on_this_machine_needs_nothing_and_later_ones_an_invitation(
        self, fresh_database_urls: DatabaseUrls
    ) -> None:
        async with running(fresh_database_urls, Arrangement(sign_up=SignUpPolicy.INVITE)) as gateway:
            first = await gateway.account()
            refused = await gateway.api.post(
                f"{AUTH}/sign-up", {"email": "second@example.com", "password": PASSWORD}
            )
            invited = await gateway.member(first)

        assert (refused.status, refused.code) == (403, "forbidden")
        assert invited.workspace_id == first.workspace_id

    async def test_first_account_of_a_public_gateway_needs_the_set_up_token(
        self, fresh_database_urls: DatabaseUrls
    ) -> None:
        token = as_owner(fresh_database_urls, "SELECT app.create_set_up_token()")[0][0]
        public = Arrangement(sign_up=SignUpPolicy.CLOSED, public_url="https://portway.example")
        async with running(fresh_database_urls, public) as gateway:
            body = {"email": "first@example.com", "password": PASSWORD}
            without = await gateway.api.post(f"{AUTH}/sign-up", body)
            wrong = await gateway.api.post(f"{AUTH}/sign-up", body | {"set_up_token": "guessed"})
            right = await gateway.api.post(f"{AUTH}/sign-up", body | {"set_up_token": token})
            again = await gateway.api.post(
                f"{AUTH}/sign-up", body | {"email": "second@example.com", "set_up_token": token}
            )

        assert [without.status, wrong.status, right.status, again.status] == [403, 403, 201, 403]

    async def test_an_invitation_is_for_its_address_only(
        self, gateway: RunningGateway, database_urls: DatabaseUrls
    ) -> None:
        owner = await gateway.account()
        invited = await owner.api.post(
            "/api/v2/invitations", {"workspace_id": owner.workspace_id, "email": "right@example.com"}
        )
        token = invited.json["url"].partition("token=")[2]

        async with running(database_urls, Arrangement(sign_up=SignUpPolicy.INVITE)) as strict:
            answer = await strict.api.post(
                f"{AUTH}/sign-up",
                {"email": "wrong@example.com", "password": PASSWORD, "invitation_token": token},
            )

        assert (answer.status, answer.code) == (403, "forbidden")

    async def test_a_link_that_the_inviter_saw_verifies_no_address(self, gateway: RunningGateway) -> None:
        owner = await gateway.account()
        invited = await gateway.member(owner)

        assert (await invited.api.get(f"{AUTH}/me")).json["email_verified"] is False


class TestSignIn:
    async def test_gives_a_session(self, gateway: RunningGateway) -> None:
        account = await gateway.account()

        answer = await sign_in(gateway, account.email.upper())

        assert answer.status == 200
        me = await gateway.api.signed_in(answer.json["access_token"]).get(f"{AUTH}/me")
        assert me.json["id"] == account.user_id
        assert me.json["workspace_id"] is None
        assert "execute" in me.json["scopes"]

    async def test_an_unknown_address_and_a_wrong_password_look_alike(self, gateway: RunningGateway) -> None:
        account = await gateway.account()

        wrong = await sign_in(gateway, account.email, "not the password")
        unknown = await sign_in(gateway, "nobody.at.all@example.com", "not the password")

        assert (wrong.status, wrong.code) == (401, "unauthenticated")
        assert wrong.content == unknown.content
        assert wrong.headers["WWW-Authenticate"] == unknown.headers["WWW-Authenticate"] == "Bearer"

    async def test_somebody_who_was_disabled_is_out_at_once(
        self, gateway: RunningGateway, database_urls: DatabaseUrls
    ) -> None:
        account = await gateway.account()
        as_owner(database_urls, "UPDATE users SET disabled_at = now() WHERE id = %s::uuid", account.user_id)

        assert (await sign_in(gateway, account.email)).status == 401

    async def test_the_database_keeps_nothing_to_sign_in_with(
        self, gateway: RunningGateway, database_urls: DatabaseUrls
    ) -> None:
        account = await gateway.account()
        row = as_owner(database_urls, "SELECT * FROM users WHERE id = %s::uuid", account.user_id)[0]

        assert PASSWORD not in str(row)
        (verifier,) = as_owner(
            database_urls, "SELECT password_verifier FROM users WHERE id = %s::uuid", account.user_id
        )[0]
        with psycopg.connect(database_urls.app, autocommit=True) as stolen:
            found = stolen.execute("SELECT * FROM app.sign_in(%s, %s)", [account.email, verifier]).fetchall()
        assert found == []

    async def test_too_many_attempts_have_to_wait_and_only_where_they_came_from(
        self, database_urls: DatabaseUrls
    ) -> None:
        async with running(database_urls, Arrangement(limiter=MemoryRateLimiter())) as gateway:
            account = await gateway.account()
            other = await gateway.account()
            tried = [(await sign_in(gateway, account.email, "wrong password")).status for _ in range(10)]
            limited = await sign_in(gateway, account.email)
            unhurt = await sign_in(gateway, other.email)

        assert tried == [401] * 10
        assert (limited.status, limited.code) == (429, "rate_limited")
        assert 0 < int(limited.headers["Retry-After"]) <= 600
        assert unhurt.status == 200


class TestRefresh:
    async def test_rotates(self, gateway: RunningGateway) -> None:
        account = await gateway.account()

        first = await refresh(gateway, account.refresh_token)
        second = await refresh(gateway, first.json["refresh_token"])

        assert (first.status, second.status) == (200, 200)
        assert len({account.refresh_token, first.json["refresh_token"], second.json["refresh_token"]}) == 3
        assert second.json["user"]["id"] == account.user_id

    async def test_a_token_that_comes_again_is_refused_and_later_ends_the_session(
        self, gateway: RunningGateway, database_urls: DatabaseUrls
    ) -> None:
        account = await gateway.account()
        current = (await refresh(gateway, account.refresh_token)).json["refresh_token"]

        at_once = await refresh(gateway, account.refresh_token)
        still_good = await refresh(gateway, current)
        as_owner(
            database_urls,
            "UPDATE sessions SET rotated_at = rotated_at - interval '1 minute' WHERE user_id = %s::uuid",
            account.user_id,
        )
        stolen = await refresh(gateway, current)
        ended = await refresh(gateway, still_good.json["refresh_token"])

        assert [at_once.status, still_good.status, stolen.status, ended.status] == [401, 200, 401, 401]
        assert (await account.api.get("/api/v2/workspaces")).status == 401

    async def test_needs_a_token(self, gateway: RunningGateway) -> None:
        assert (await gateway.api.post(f"{AUTH}/refresh")).code == "unauthenticated"
        assert (await refresh(gateway, "made-up")).code == "unauthenticated"


class TestSignOut:
    async def test_ends_the_session_everywhere(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        assert (await account.api.get("/api/v2/workspaces")).status == 200

        answer = await account.api.post(f"{AUTH}/sign-out")

        assert answer.status == 204
        assert answer.content == b""
        assert (await account.api.get("/api/v2/workspaces")).status == 401
        assert (await refresh(gateway, account.refresh_token)).status == 401
        assert (await account.api.post(f"{AUTH}/sign-out")).status == 401

    async def test_ends_it_by_the_refresh_token(self, gateway: RunningGateway) -> None:
        account = await gateway.account()

        answer = await gateway.api.post(f"{AUTH}/sign-out", {"refresh_token": account.refresh_token})
        again = await gateway.api.post(f"{AUTH}/sign-out", {"refresh_token": account.refresh_token})

        assert (answer.status, again.status) == (204, 204)
        assert (await account.api.get(f"{AUTH}/me")).status == 401

    async def test_leaves_an_api_key_alone(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        by_key = await gateway.api_key(account)

        assert (await by_key.post(f"{AUTH}/sign-out")).status == 204
        assert (await by_key.get(f"{AUTH}/me")).status == 200

    async def test_another_gateway_learns_of_it_with_the_next_statement(
        self, gateway: RunningGateway, database_urls: DatabaseUrls
    ) -> None:
        account = await gateway.account()
        async with running(database_urls) as other:
            there = other.api.signed_in(account.access_token)
            assert (await there.get("/api/v2/workspaces")).status == 200
            await account.api.post(f"{AUTH}/sign-out")

            assert (await there.get("/api/v2/workspaces")).code == "unauthenticated"
            assert (await there.get("/api/v2/workspaces")).code == "unauthenticated"


class TestMe:
    async def test_changes_the_name(self, gateway: RunningGateway) -> None:
        account = await gateway.account()

        answer = await account.api.patch(f"{AUTH}/me", {"name": "Ann  Example "})

        assert answer.status == 200
        assert answer.json["name"] == "Ann  Example"
        assert (await account.api.patch(f"{AUTH}/me", {"name": None})).json["name"] is None

    async def test_is_not_changed_by_a_limited_key(self, gateway: RunningGateway) -> None:
        account = await gateway.account()
        limited = await gateway.api_key(account, workspace_id=account.workspace_id)
        reader = await gateway.api_key(account, scopes=["logs:read"])

        assert (await limited.patch(f"{AUTH}/me", {"name": "X"})).code == "forbidden"
        assert (await reader.patch(f"{AUTH}/me", {"name": "X"})).code == "forbidden"
        assert (await limited.get(f"{AUTH}/me")).json["workspace_id"] == account.workspace_id
        assert (await reader.get(f"{AUTH}/me")).json["scopes"] == ["logs:read"]

    @pytest.mark.parametrize(
        "authorization", ["", "Bearer", "Bearer ", "Basic abc", "Bearer x y", "Bearer pw_no"]
    )
    async def test_needs_a_bearer(self, gateway: RunningGateway, authorization: str) -> None:
        answer = await gateway.api.get(f"{AUTH}/me", headers={"Authorization": authorization})

        assert (answer.status, answer.code) == (401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


class TestMailedLinks:
    async def sent(self, gateway: RunningGateway) -> None:
        await gateway.background.finish()

    async def test_verify_an_address(self, mailing_gateway: RunningGateway, mailer: RecordingMailer) -> None:
        account = await mailing_gateway.account()
        await self.sent(mailing_gateway)
        token = mailer.token_to(account.email)

        confirmed = await mailing_gateway.api.post(f"{AUTH}/verify-email/confirm", {"token": token})
        again = await mailing_gateway.api.post(f"{AUTH}/verify-email/confirm", {"token": token})

        assert confirmed.status == 204
        assert again.code == "not_found"
        assert (await account.api.get(f"{AUTH}/me")).json["email_verified"] is True

    async def test_can_be_asked_for_again(
        self, mailing_gateway: RunningGateway, mailer: RecordingMailer
    ) -> None:
        account = await mailing_gateway.account()
        await self.sent(mailing_gateway)

        answer = await mailing_gateway.api.post(f"{AUTH}/verify-email", {"email": account.email})
        await self.sent(mailing_gateway)

        assert answer.status == 202
        assert len(mailer.to(account.email)) == 2

    async def test_reset_a_password_and_end_all_sessions(
        self, mailing_gateway: RunningGateway, mailer: RecordingMailer
    ) -> None:
        account = await mailing_gateway.account()
        by_key = await mailing_gateway.api_key(account)
        await self.sent(mailing_gateway)
        verification = {"token": mailer.token_to(account.email)}
        await mailing_gateway.api.post(f"{AUTH}/verify-email/confirm", verification)
        await mailing_gateway.api.post(f"{AUTH}/password-reset", {"email": account.email})
        await self.sent(mailing_gateway)
        body = {"token": mailer.token_to(account.email), "password": "another good one"}

        short = await mailing_gateway.api.post(f"{AUTH}/password-reset/confirm", body | {"password": "short"})
        done = await mailing_gateway.api.post(f"{AUTH}/password-reset/confirm", body)
        again = await mailing_gateway.api.post(f"{AUTH}/password-reset/confirm", body)

        assert [short.status, done.status, again.status] == [400, 204, 404]
        assert (await sign_in(mailing_gateway, account.email)).status == 401
        assert (await sign_in(mailing_gateway, account.email, "another good one")).status == 200
        assert (await account.api.get(f"{AUTH}/me")).status == 401
        assert (await by_key.get(f"{AUTH}/me")).status == 200

    async def test_who_resets_the_password_of_an_address_nobody_proved_ends_its_keys(
        self, mailing_gateway: RunningGateway, mailer: RecordingMailer
    ) -> None:
        squatted = await mailing_gateway.account()
        by_key = await mailing_gateway.api_key(squatted)
        await mailing_gateway.api.post(f"{AUTH}/password-reset", {"email": squatted.email})
        await self.sent(mailing_gateway)
        body = {"token": mailer.token_to(squatted.email), "password": "another good one"}

        assert (await mailing_gateway.api.post(f"{AUTH}/password-reset/confirm", body)).status == 204
        assert (await by_key.get(f"{AUTH}/me")).status == 401

    async def test_a_link_is_good_for_its_purpose_only(
        self, mailing_gateway: RunningGateway, mailer: RecordingMailer
    ) -> None:
        account = await mailing_gateway.account()
        await self.sent(mailing_gateway)
        body = {"token": mailer.token_to(account.email), "password": "another good one"}

        assert (await mailing_gateway.api.post(f"{AUTH}/password-reset/confirm", body)).status == 404

    async def test_nobody_learns_who_has_an_account(
        self, mailing_gateway: RunningGateway, mailer: RecordingMailer, gateway: RunningGateway
    ) -> None:
        account = await mailing_gateway.account()
        for path in ("verify-email", "password-reset"):
            known = await mailing_gateway.api.post(f"{AUTH}/{path}", {"email": account.email})
            unknown = await mailing_gateway.api.post(f"{AUTH}/{path}", {"email": "stranger@example.com"})
            without_mail = await gateway.api.post(f"{AUTH}/{path}", {"email": account.email})
            assert known.status == unknown.status == without_mail.status == 202
            assert known.content == unknown.content == without_mail.content
        await self.sent(mailing_gateway)
        assert mailer.to("stranger@example.com") == []

    async def test_a_mail_server_that_is_away_stops_nobody(
        self, mailing_gateway: RunningGateway, mailer: RecordingMailer
    ) -> None:
        mailer.broken = True
        try:
            account = await mailing_gateway.account()
            await self.sent(mailing_gateway)
        finally:
            mailer.broken = False

        assert (await account.api.get(f"{AUTH}/me")).status == 200


@dataclass(frozen=True)
class Claims:
    """As a verifier reads them from a token."""

    subject: str
    email: str | None = None
    email_verified: bool = False
    issuer: str = "https://issuer.example"
    name: str | None = "Outsider"
    expires_at: datetime = datetime.now(UTC) + timedelta(hours=1)


class KnownTokens:
    """Verifies those tokens that a test made up."""

    def __init__(self, **known: Claims) -> None:
        self._known = {asymmetric(name): claims for name, claims in known.items()}
        self.calls = 0

    async def verify(self, token: str) -> Claims:
        self.calls += 1
        if token not in self._known:
            raise Unauthenticated
        return self._known[token]


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def asymmetric(name: str) -> str:
    """What looks like a token that a private key has signed."""
    return f"{encoded({'alg': 'RS256'})}.{encoded({'sub': name})}.c2ln"


def shared_secret_token(secret: str, claims: dict[str, Any]) -> str:
    signed = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(claims)}"
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


class TestOutsideIssuers:
    async def test_a_verified_token_becomes_a_user_of_its_own(self, database_urls: DatabaseUrls) -> None:
        verifier = KnownTokens(ann=Claims("ann-1", "ann.outside@example.com", email_verified=True))
        async with running(database_urls, Arrangement(verifier=verifier)) as gateway:
            ann = gateway.api.signed_in(asymmetric("ann"))
            first, second = await ann.get(f"{AUTH}/me"), await ann.get(f"{AUTH}/me")
            workspaces = await ann.get("/api/v2/workspaces")
            stranger = await gateway.api.signed_in(asymmetric("eve")).get(f"{AUTH}/me")

        assert first.json == second.json
        assert first.json["email"] == "ann.outside@example.com"
        assert len(workspaces.json["data"]) == 1
        assert stranger.code == "unauthenticated"
        assert verifier.calls == 2

    async def test_a_registered_token_needs_no_verifier(self, database_urls: DatabaseUrls) -> None:
        verifier = KnownTokens(bob=Claims("bob-1"))
        async with running(database_urls, Arrangement(verifier=verifier)) as gateway:
            bob = await gateway.api.signed_in(asymmetric("bob")).get(f"{AUTH}/me")
        async with running(database_urls) as gateway:
            again = await gateway.api.signed_in(asymmetric("bob")).get(f"{AUTH}/me")

        assert bob.status == 200
        assert again.json["id"] == bob.json["id"]

    async def test_an_address_links_only_where_both_sides_verified_it(
        self, database_urls: DatabaseUrls, mailing_gateway: RunningGateway, mailer: RecordingMailer
    ) -> None:
        verified = await verified_account(mailing_gateway, mailer)
        unverified = await mailing_gateway.account()
        verifier = KnownTokens(
            linked=Claims("linked", verified.email, email_verified=True),
            claimed=Claims("claimed", verified.email, email_verified=False),
            squatted=Claims("squatted", unverified.email, email_verified=True),
        )
        async with running(database_urls, Arrangement(verifier=verifier)) as gateway:
            ids = {
                name: (await gateway.api.signed_in(asymmetric(name)).get(f"{AUTH}/me")).json["id"]
                for name in ("linked", "claimed", "squatted")
            }

        assert ids["linked"] == verified.user_id
        assert len({*ids.values(), unverified.user_id}) == 4

    async def test_a_closed_gateway_takes_nobody_new(self, fresh_database_urls: DatabaseUrls) -> None:
        closed = Arrangement(sign_up=SignUpPolicy.CLOSED, verifier=KnownTokens(carl=Claims("carl-1")))
        async with running(fresh_database_urls, closed) as gateway:
            answer = await gateway.api.signed_in(asymmetric("carl")).get(f"{AUTH}/me")

        assert answer.code == "unauthenticated"

    async def test_a_token_signed_with_the_shared_secret(self, fresh_database_urls: DatabaseUrls) -> None:
        secret = "0123456789abcdef0123456789abcdef"
        with psycopg.connect(fresh_database_urls.admin, autocommit=True) as connection:
            connection.execute("SET ROLE portway_keyring")
            connection.execute("SELECT keyring.set_jwt_issuer('*', 'authenticated', %s)", [secret])
        claims = {"sub": "s-1", "aud": "authenticated", "exp": time.time() + 600, "iss": "https://supabase"}
        async with running(fresh_database_urls) as gateway:

            async def status(token: str) -> int:
                return (await gateway.api.signed_in(token).get(f"{AUTH}/me")).status

            assert await status(shared_secret_token(secret, claims)) == 200
            assert await status(shared_secret_token("f" * 32, claims)) == 401
            assert await status(shared_secret_token(secret, claims | {"aud": "other"})) == 401
            assert await status(shared_secret_token(secret, claims | {"exp": 1})) == 401
            assert await status(shared_secret_token(secret, claims | {"exp": 1e300})) == 401


async def verified_account(gateway: RunningGateway, mailer: RecordingMailer) -> Account:
    account = await gateway.account()
    await gateway.background.finish()
    token = mailer.token_to(account.email)
    assert (await gateway.api.post(f"{AUTH}/verify-email/confirm", {"token": token})).status == 204
    return account


async def test_many_at_once_are_all_served(gateway: RunningGateway) -> None:
    account = await gateway.account()

    answers = await asyncio.gather(*(sign_in(gateway, account.email) for _ in range(12)))

    assert [answer.status for answer in answers] == [200] * 12
