"""Connections with a certified OAuth server: it rotates refresh tokens, and ends a grant where one is used twice."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from demo.browser import Browser
from demo.standins import StandIns
from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.e2e.callers import Answer
from tests.e2e.gateways import Gateway, serving
from tests.e2e.worlds import Member, World
from tests.people import as_owner

SCOPE = "https://www.googleapis.com/auth/gmail.readonly"


def client_environment(standins: StandIns, *, sweeping: bool = True) -> Mapping[str, str]:
    """Of a gateway that has a client there. Without `sweeping`, nobody but callers refreshes."""
    client = {
        "STANDIN_CLIENT_ID": standins.credentials.client_id,
        "STANDIN_CLIENT_SECRET": standins.credentials.client_secret,
    }
    return client if sweeping else {**client, "PORTWAY_WORKER_DATABASE_URL": ""}


@contextmanager
def two_nodes(
    urls: DatabaseUrls, standins: StandIns, *, sweeping: bool = True
) -> Iterator[tuple[Gateway, Gateway]]:
    """Two gateways on one database."""
    environment = client_environment(standins, sweeping=sweeping)
    with serving(urls, environment=environment) as one, serving(urls, environment=environment) as other:
        yield one, other


def mail_at(nodes: World, standins: StandIns, slug: str = "mail") -> str:
    """The slug of an integration as the catalog has it, at the stand-in, with the action `list`."""
    made = nodes.integration(
        slug=slug,
        base_url=standins.addresses.gmail_base_url,
        auth_type="oauth2",
        auth_config={
            "authorization_url": standins.addresses.authorization_url,
            "token_url": standins.addresses.token_url,
            "authorization_params": {"access_type": "offline", "prompt": "consent"},
            "scopes": [SCOPE],
            "issuer": standins.addresses.issuer,
            "clientIdEnv": "STANDIN_CLIENT_ID",
            "clientSecretEnv": "STANDIN_CLIENT_SECRET",
        },
    )
    nodes.action(made, "list", "/gmail/v1/users/me/messages", "GET", timeout_ms=60_000)
    return slug


class Desk:
    """Somebody's connection, and what the authorization server saw of it since it was made."""

    def __init__(
        self,
        nodes: World,
        standins: StandIns,
        person: Member,
        urls: tuple[str, str],
        gateways: tuple[Gateway, ...] = (),
    ) -> None:
        self.nodes = nodes
        self.standins = standins
        self.person = person
        self.urls = urls
        self.gateways = gateways
        self.connection = UUID(int=0)
        self.mark = 0

    async def connect(self, slug: str, account: str) -> None:
        """Through the real redirect, as a person does."""
        body = {"workspace_id": str(self.person.workspace_id), "integration": slug, "name": f"{account}'s"}
        begun = await self.person.caller.call("POST", "/api/v2/connections/authorize", body)
        assert begun.status == 200, begun.text
        page = await asyncio.to_thread(follow, begun.json["authorization_url"], account)
        assert "Connected" in page
        listed = await self.person.caller.get("/api/v2/connections", limit="1")
        (made,) = listed["data"]
        assert made["status"] == "active"
        assert made["scopes"] == [SCOPE]
        self.connection = UUID(made["id"])
        self.forget()

    def forget(self) -> None:
        """From here on."""
        self.mark = self.standins.events()[-1]["id"]

    def make_due(self, seconds: float = 30) -> None:
        """As if most of the token's hour were over; or, with a negative number, all of it."""
        as_owner(
            self.nodes.urls,
            "UPDATE connections SET issued_at = now() - interval '1 hour',"
            " expires_at = now() + make_interval(secs => %s) WHERE id = %s",
            seconds,
            self.connection,
        )

    async def execute(self, number: int, *, first: int = 0, **members: Any) -> list[Answer]:
        """That many at once, over both nodes, beginning with this one."""
        return await asyncio.gather(
            *(
                self.person.caller.at(self.urls[(first + each) % 2]).execute(
                    self.person.workspace_id, self.connection, "list", {"maxResults": 1}, **members
                )
                for each in range(number)
            )
        )

    def events(self) -> list[str]:
        return [event["type"] for event in self.standins.events(after=self.mark)]

    @property
    def token_requests(self) -> int:
        return self.events().count("token.requested")

    @property
    def status(self) -> str:
        found = as_owner(self.nodes.urls, "SELECT status FROM connections WHERE id = %s", self.connection)
        return str(found[0][0])


def follow(authorization_url: str, account: str) -> str:
    """Signs in and consents; the page on which it ends."""
    browser = Browser()
    page = browser.open(browser.authorize(authorization_url, account))
    assert page.status == 200, page.text
    return page.text
