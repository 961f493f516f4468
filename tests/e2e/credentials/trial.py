"""One case of the table, from the row to its end."""

import asyncio
import base64
import hashlib
import re
import secrets
import urllib.parse
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from demo.browser import Browser
from tests.e2e.callers import Answer
from tests.e2e.credentials.cases import Case, Refusal
from tests.e2e.credentials.services import Services
from tests.e2e.worlds import Member, World
from tests.people import as_owner

NOBODYS_SECRET = "wrong-secret-of-nobody"
_REVOKED_WITHIN_SECONDS = 5.0


class Trial:
    """`account` is the name by which the person of this case signs in at the service."""

    def __init__(self, case: Case, account: str, world: World, person: Member, services: Services) -> None:
        self.case = case
        self.account = account
        self.world = world
        self.person = person
        self.services = services
        self.connection = UUID(int=0)
        self.token: str | None = None
        self._return_url = f"{world.gateway.url}/done"

    async def prepare(self) -> None:
        """The row with its actions, and the organization's OAuth client."""
        case = self.case
        if case.everybodys:
            made = self.world.integration(
                slug=case.name,
                base_url=case.base_url,
                auth_type=case.auth_type,
                auth_config=case.auth_config,
            )
            self.world.action(made, "call", case.path, case.method)
            return
        members = ("name", "base_url", "auth_type", "auth_config", "transform_config")
        row = {"slug": case.name, **{name: getattr(case, name) for name in members}}
        await self._done("POST", "/api/v2/integrations", row, 201)
        await self._add_action(
            "call", case.path, http_method=case.method, transform_config=case.transform_config
        )
        if case.more_scopes:
            await self._add_action("admin", "/admin", scopes=list(case.more_scopes))
        await self._set_client()

    async def be_refused(self) -> None:
        """A wrong credential is, in words that say so."""
        refused = self.case.refused
        if not self.case.by_redirect:
            await self._refuse_credentials()
        elif not self.case.connects:
            assert refused is not None
            await self._refuse_redirect(refused)
        elif self._has_secret:
            refused = refused or Refusal(code="invalid_client", says="did not accept")
            await self._set_client(refused.secret or NOBODYS_SECRET)
            await self._refuse_redirect(refused)
            await self._set_client()

    async def connect(self) -> None:
        """And the connection shows what it should."""
        if self.case.by_redirect:
            result = await self._authorize()
            assert "error" not in result, result
            self.connection = UUID(result["connection_id"])
        else:
            answer = await self._post_credentials(self.case.credentials or {})
            assert answer.status == 201, answer.text
            self.connection = UUID(answer.json["id"])
        shown = await self._shown()
        assert shown["status"] == "active"
        if "verification" in self.case.auth_config:
            tested = await self.person.caller.call("POST", f"/api/v2/connections/{self.connection}/test")
            assert tested.status == 200, tested.text
        _check(shown, self.case.connection)
        if self.case.lifetime is not None:
            left = (datetime.fromisoformat(shown["expires_at"]) - datetime.now(UTC)).total_seconds()
            assert self.case.lifetime - 15 < left <= self.case.lifetime

    async def execute(self) -> Answer:
        """The service lets the caller in, as whom it should; its token is remembered by fingerprint."""
        answer = await self.person.execute(self.connection, "call", self.case.parameters)
        assert answer.status == 200, answer.text
        data = answer.json["data"]
        _check(data, self.case.sees)
        self.token = data.get("token")
        return answer

    async def ask_for_more_scopes(self) -> None:
        """The union is asked for where an action needs more than was granted."""
        if not self.case.more_scopes:
            return
        answer = await self.person.execute(self.connection, "admin")
        assert answer.outcome == (409, "insufficient_scope"), answer.text
        begun = urllib.parse.urlsplit(answer.json["authorize_url"])
        asked = urllib.parse.parse_qs(begun.query)["scope"][0].split()
        assert asked == [*self.case.auth_config["scopes"], *self.case.more_scopes]
        page = await asyncio.to_thread(_follow, answer.json["authorize_url"], self.account)
        assert "Connected" in page
        answer = await self.person.execute(self.connection, "admin")
        assert answer.status == 200, answer.text
        self.token = answer.json["data"]["token"]

    async def renew_what_is_due(self) -> None:
        """Twice, since what the first renewal left must do for the second."""
        if "due" not in self.case.renews:
            return
        if self.case.margin is not None:
            await self._leave_alone(self.case.margin + 20)
        for _ in range(2):
            self._let_time_pass()
            self._end_in(10)
            await self._be_renewed(attempts=1)
        if self.case.lifetime is not None:
            left = (
                datetime.fromisoformat((await self._shown())["expires_at"]) - datetime.now(UTC)
            ).total_seconds()
            assert self.case.lifetime - 15 < left <= self.case.lifetime

    async def renew_what_is_refused(self) -> None:
        """A token that the service refuses before its time is renewed once, and the call made again."""
        if "refused" not in self.case.renews:
            return
        for _ in range(2):
            assert self.token is not None
            self.services.invalidate(self.token)
            await self._be_renewed(attempts=2)

    async def end(self) -> None:
        """Where nothing renews the token, or the grant is gone, the owner is told. Deleting ends the tokens too."""
        if self.case.lasts:
            assert self.token is not None
            self.services.invalidate(self.token)
            await self._be_over()
        elif self.case.by_redirect and self.case.renews and not self.case.revokes:
            self.services.revoke_grants(self.account)
            self._let_time_pass()
            await self._be_over()
        path = f"/api/v2/connections/{self.connection}"
        deleted = await self.person.caller.call("DELETE", path)
        assert deleted.status == 204, deleted.text
        assert (await self.person.caller.call("GET", path)).status == 404
        if self.case.revokes:
            await self._be_revoked()

    async def _be_over(self) -> None:
        answer = await self.person.execute(self.connection, "call", self.case.parameters)
        assert answer.outcome == (409, "reauthorization_required"), answer.text
        assert answer.json["authorize_url"].startswith("http")
        assert (await self._shown())["status"] == "reauthorization_required"

    async def _be_revoked(self) -> None:
        deadline = asyncio.get_running_loop().time() + _REVOKED_WITHIN_SECONDS
        account = self.account if self.case.by_redirect else None
        while living := self.services.living(account=account, token=self.token):
            assert asyncio.get_running_loop().time() < deadline, living
            await asyncio.sleep(0.05)

    async def _be_renewed(self, attempts: int) -> None:
        before, requests = self.token, len(self.services.token_requests())
        answer = await self.execute()
        assert answer.json["meta"]["refreshed"] is True
        assert answer.json["meta"]["attempts"] == attempts
        assert self.token is not None
        assert self.token != before
        made = self.services.token_requests()[requests:]
        assert [request["status"] for request in made] in (
            [200],
            [],
        )  # none for a login or a JWT of one's own
        # And none again, now that it is new.
        await self.execute()
        assert len(self.services.token_requests()) == requests + len(made)

    async def _leave_alone(self, seconds: float) -> None:
        """A token that has so long to live is good enough."""
        before = self.token
        self._end_in(seconds)
        answer = await self.execute()
        assert answer.json["meta"]["refreshed"] is False
        assert self.token == before

    def _let_time_pass(self) -> None:
        """Until the vendor would give a new token."""
        if self.case.vendor is not None:
            self.services.let_time_pass(self.case.vendor, 575)

    def _end_in(self, seconds: float) -> None:
        """As if most of the token's time were over."""
        as_owner(
            self.world.urls,
            "UPDATE connections SET issued_at = now() - interval '1 hour',"
            " expires_at = now() + make_interval(secs => %s) WHERE id = %s",
            seconds,
            self.connection,
        )

    async def _add_action(self, slug: str, path: str, **members: Any) -> None:
        body = {"slug": slug, "name": slug, "endpoint_path": path, **members}
        await self._done("POST", f"/api/v2/integrations/{self.case.name}/actions", body, 201)

    async def _set_client(self, secret: str | None = None) -> None:
        if self.case.client is None:
            return
        client_id, own = self._client
        path = f"/api/v2/integrations/{self.case.name}/oauth-client"
        if self.case.client_name != "default":
            await self._done("PUT", path, {"client_id": "nobody", "client_secret": NOBODYS_SECRET}, 200)
        body = {"client_id": client_id, "client_secret": secret or own, "name": self.case.client_name}
        await self._done("PUT", path, body, 200)

    @property
    def _client(self) -> tuple[str, str | None]:
        secrets_of_run = self.services.secrets
        if self.case.client == "consumer":
            return "consumer-hmac", secrets_of_run.shared_key
        assert self.case.client is not None
        client = secrets_of_run.clients[self.case.client]
        return client["client_id"], secrets_of_run.secret_of(self.case.client)

    @property
    def _has_secret(self) -> bool:
        return self.case.client is not None and self._client[1] is not None

    async def _begin(self) -> Answer:
        body: dict[str, Any] = {
            "workspace_id": str(self.person.workspace_id),
            "integration": self.case.name,
            "name": "Mine",
            "config": self.case.config,
            "return_url": self._return_url,
        }
        if self.case.client_name != "default":
            body["oauth_client"] = self.case.client_name
        return await self.person.caller.call("POST", "/api/v2/connections/authorize", body)

    async def _authorize(self) -> dict[str, str]:
        """Signs in and consents; what came back to `return_url`."""
        begun = await self._begin()
        assert begun.status == 200, begun.text
        return await asyncio.to_thread(self._authorize_blocking, begun.json["authorization_url"])

    def _authorize_blocking(self, url: str) -> dict[str, str]:
        browser = Browser()
        target = browser.authorize(url, self.account, deny=self.case.denied)
        while not target.startswith(self._return_url):
            page = browser.open(target)
            assert page.location is not None, page.text
            target = page.location
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(target).query))

    async def _refuse_redirect(self, refused: Refusal) -> None:
        if refused.status:
            answer = await self._begin()
            assert answer.outcome == (refused.status, refused.code), answer.text
            said = answer.json["detail"]
        else:
            result = await self._authorize()
            assert "connection_id" not in result
            assert result["error"] == refused.code, result
            said = result["error_description"]
        assert refused.says in said
        assert NOBODYS_SECRET not in said

    async def _refuse_credentials(self) -> None:
        refused = self.case.refused
        if refused is None:
            return
        answer = await self._post_credentials({**(self.case.credentials or {}), **refused.credentials})
        assert answer.outcome == (refused.status or 502, refused.code or "upstream_error"), answer.text
        assert refused.says in answer.json["detail"], answer.text
        for secret in refused.credentials.values():
            assert str(secret) not in answer.text

    async def _post_credentials(self, credentials: Mapping[str, Any]) -> Answer:
        body = {
            "workspace_id": str(self.person.workspace_id),
            "integration": self.case.name,
            "name": "Mine",
            "credentials": credentials,
            "config": self.case.config,
        }
        return await self.person.caller.call("POST", "/api/v2/connections", body)

    async def _shown(self) -> dict[str, Any]:
        shown: dict[str, Any] = await self.person.caller.get(f"/api/v2/connections/{self.connection}")
        return shown

    async def _done(self, method: str, path: str, body: Mapping[str, Any], status: int) -> None:
        answer = await self.person.caller.call(method, path, body)
        assert answer.status == status, answer.text


def tokens_from_elsewhere(services: Services, client: str) -> str:
    """A refresh token that another program had for this client."""
    registered = services.secrets.clients[client]
    redirect_uri, verifier = "http://127.0.0.1:1/api/v2/oauth/callback", secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "client_id": registered["client_id"],
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": "read",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    browser = Browser()
    back = browser.authorize(
        f"{services.issuer}/auth?{urllib.parse.urlencode(query)}", "elsewhere@example.com"
    )
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "client_id": registered["client_id"],
        "client_secret": registered["client_secret"],
    }
    answer = browser.open(f"{services.issuer}/token", form)
    assert answer.status == 200, answer.text
    found = re.search(r'"refresh_token":"([^"]+)"', answer.text)
    assert found is not None
    return found[1]


def _follow(url: str, account: str) -> str:
    browser = Browser()
    return browser.open(browser.authorize(url, account)).text


def _check(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """All expected members are there; an expected object may be a part of the one that is."""
    for name, value in expected.items():
        if isinstance(value, dict) and isinstance(found[name], dict):
            _check(found[name], value)
        else:
            assert found[name] == value, (name, found)
