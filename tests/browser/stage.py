"""A gateway with its console, stand-ins behind it, and people with a session in a browser."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
import psycopg

from demo.rows import client_environment, redirect, redirections
from demo.standins import StandIns
from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.browser.confidential import Confidential
from tests.browser.recorder import Recorder
from tests.e2e.callers import Caller
from tests.e2e.gateways import serving
from tests.e2e.upstreams import Upstream
from tests.e2e.worlds import Member, World
from tests.people import Person, as_owner

COOKIE_PATHS = {"portway_session": "/api/v2", "portway_refresh": "/api/v2/auth"}


@dataclass(frozen=True)
class Visitor(Member):
    """A member who is signed in in a browser as well. `password` is empty unless they signed up with one."""

    name: str = ""
    session: Mapping[str, str] = field(default_factory=dict, repr=False)
    password: str = field(default="", repr=False)

    @property
    def home(self) -> str:
        """The path that all pages of their workspace begin with."""
        return f"/w/{self.workspace_id}"


@dataclass(frozen=True, eq=False)
class Stage:
    """What the browser tests of one worker share. Browsers speak to `url`, where all is recorded."""

    world: World
    standins: StandIns
    recorder: Recorder
    confidential: Confidential

    @property
    def url(self) -> str:
        return self.recorder.url

    @property
    def urls(self) -> DatabaseUrls:
        return self.world.urls

    @property
    def upstream(self) -> Upstream:
        return self.world.upstream

    def person(self, name: str = "Ada Lovelace") -> Visitor:
        """Somebody new with an organization and a workspace of their own, signed in."""
        member = self.world.person(name.split(maxsplit=1)[0].lower())
        as_owner(self.urls, "UPDATE users SET name = %s WHERE id = %s", name, member.user_id)
        return self._visitor(member, name)

    def mate(self, of: Person, role: str = "member", name: str = "Grace Hopper") -> Visitor:
        """Somebody new who is in the other's workspace: `workspace_id` is that one."""
        member = self.world.mate(of, role, name.split(maxsplit=1)[0].lower())
        as_owner(self.urls, "UPDATE users SET name = %s WHERE id = %s", name, member.user_id)
        return self._visitor(member, name, of)

    async def account(self, name: str = "Ada Lovelace") -> Visitor:
        """Somebody who signed up with a password, which the sign-in page takes. Needs PORTWAY_SIGN_UP=open."""
        email = f"{name.split(maxsplit=1)[0].lower()}-{secrets.token_hex(4)}@example.com"
        password = secrets.token_urlsafe(16)
        body = {"email": email, "password": password, "name": name}
        made = await self.world.stranger().call("POST", "/api/v2/auth/sign-up", body)
        assert made.status == 201, made.text
        caller = Caller(self.world.session, self.world.gateway.url, made.json["access_token"])
        member = Member(
            user_id=UUID(made.json["user"]["id"]),
            organization_id=UUID(made.json["organization_id"]),
            workspace_id=UUID(made.json["workspace_id"]),
            email=email,
            api_key="",
            sealed_pass="",
            caller=caller,
        )
        self.confidential.add("a password", password)
        return self._visitor(member, name, password=password)

    def _visitor(self, member: Member, name: str, at: Person | None = None, password: str = "") -> Visitor:
        session = self._new_session(member.user_id)
        for cookie, value in session.items():
            self.confidential.add(f"the cookie {cookie}", value)
        self.confidential.add("an API key", member.api_key)
        members = {each: getattr(member, each) for each in Member.__dataclass_fields__}
        if at is not None:
            members |= {"organization_id": at.organization_id, "workspace_id": at.workspace_id}
        return Visitor(**members, name=name, session=session, password=password)

    def _new_session(self, user_id: UUID) -> dict[str, str]:
        """As signing in makes it."""
        with psycopg.connect(self.urls.superuser, autocommit=True) as connection:
            found = connection.execute(
                "SELECT access_token, refresh_token FROM app.create_session(%s)", (user_id,)
            ).fetchone()
        assert found is not None
        return dict(zip(COOKIE_PATHS, found, strict=True))


@contextmanager
def staged(
    urls: DatabaseUrls,
    upstream: Upstream,
    http: aiohttp.ClientSession,
    **environment: Any,
) -> Iterator[Stage]:
    """A stage on this database, which must have the catalog; Google's and Slack's integrations lead to stand-ins."""
    with (
        Recorder() as recorder,
        StandIns(redirect_uris=(f"{recorder.url}/api/v2/oauth/callback",)) as standins,
    ):
        assert redirect(urls.admin, redirections(standins.addresses)) == 4
        told = {
            "PORTWAY_PUBLIC_URL": recorder.url,
            "PORTWAY_SIGN_UP": "open",
            **client_environment(standins.credentials),
            **environment,
        }
        with serving(urls, environment=told) as gateway:
            recorder.target = gateway.url
            confidential = Confidential(urls, standins.credentials)
            yield Stage(World(urls, gateway, upstream, http), standins, recorder, confidential)
