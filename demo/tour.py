"""What the steps of the tour share."""

import secrets
import urllib.parse
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.api import Answer, Api, StepFailedError, check
from demo.browser import Browser, BrowserError
from demo.gateway import Gateway
from demo.narrator import Narrator
from demo.standins import Service, StandIns

ADA, GRACE = "ada@example.com", "grace@example.com"

JsonObject = dict[str, Any]


@dataclass
class Tour:
    """The gateway, the stand-ins, and what the steps have made so far.

    `connections` are ids by the integration's slug.
    """

    say: Narrator
    api: Api
    gateway: Gateway
    standins: StandIns
    admin_url: str = field(default="", repr=False)
    workspace_id: str = ""
    api_key: str = field(default="", repr=False)
    connections: dict[str, str] = field(default_factory=dict)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)

    def call(
        self, method: str, path: str, body: Any = None, *, expect: int = 200, shown: Collection[str] = ()
    ) -> Answer:
        """A call that is shown, with its answer, or with these members of it."""
        self.say.request(method, path, body)
        answer = self.api.call(method, path, body, expect=expect)
        self.say.answer(answer.phrase, {name: answer.body[name] for name in shown} if shown else answer.body)
        return answer

    def connect(self, integration: str, name: str, account: str = "") -> JsonObject:
        """Connects through the OAuth redirect, as `account` where the service asks who it is; the connection."""
        answer = self.call(
            "POST",
            "/api/v2/connections/authorize",
            {
                "workspace_id": self.workspace_id,
                "integration": integration,
                "name": name,
                "return_url": f"{self.api.url}/",
            },
        )
        browser, url = Browser(), answer.body["authorization_url"]
        back = browser.authorize(url, account)
        self.say.text(
            f"A browser opens that address{f', signs in as {account}' if account else ''}, and consents."
        )
        self.say.request("GET", urllib.parse.urlsplit(back).path + "?code=…&state=…")
        page = browser.open(back)
        returned = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.location or "").query))
        if "connection_id" not in returned:
            raise BrowserError(f"the callback answered {page.status} {page.location}: {page.text[-2000:]}")
        self.say.answer(f"{page.status} to {page.location}", None)
        connection: JsonObject = self.api.call("GET", f"/api/v2/connections/{returned['connection_id']}").body
        check(connection["status"] == "active", f"the connection is {connection['status']}, not active")
        self.connections[integration] = connection["id"]
        return connection

    def execution(self, integration: str, action: str, parameters: Mapping[str, Any]) -> JsonObject:
        """The body of a call of `POST /api/v2/execute`."""
        return {
            "workspace_id": self.workspace_id,
            "connection_id": self.connections[integration],
            "action": action,
            "parameters": dict(parameters),
        }

    def execute(
        self, integration: str, action: str, parameters: Mapping[str, Any], *, expect: int = 200
    ) -> JsonObject:
        """An execution that is shown, with its answer and its audit row; the answer."""
        answer = self.call(
            "POST", "/api/v2/execute", self.execution(integration, action, parameters), expect=expect
        )
        body: JsonObject = answer.body
        self.audit(body["execution_id"])
        return body

    def audit(self, execution_id: str) -> JsonObject:
        """Shows the audit row of an execution, and returns it."""
        row: JsonObject = self.api.call("GET", f"/api/v2/logs/{execution_id}").body
        self.say.audit(row)
        return row

    def last_request(self, service: Service) -> JsonObject:
        """What reached a service last."""
        requests = self.standins.requests(service)
        if not requests:
            raise StepFailedError(f"nothing reached the stand-in for {service}")
        return requests[-1]

    def refreshes(self) -> int:
        """How often the authorization server was asked to refresh a token."""
        return self.standins.counters().get("token_requests:refresh_token", 0)
