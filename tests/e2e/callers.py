"""Programs that call a gateway over HTTP."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
from multidict import CIMultiDictProxy

_LARGE = 1 << 20
_TIMEOUT = aiohttp.ClientTimeout(total=120)


@dataclass(frozen=True)
class Answer:
    """A status and what came with it."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def code(self) -> str:
        """The code of a problem document, which this must be."""
        assert self.headers["Content-Type"] == "application/problem+json", self.text
        problem = self.json
        assert problem.keys() >= {"type", "title", "status", "code", "detail"}, problem
        assert problem["status"] == self.status
        return str(problem["code"])

    @property
    def outcome(self) -> tuple[int, str]:
        """Status and code of a problem."""
        return self.status, self.code


class Caller:
    """Calls one gateway with one bearer. Every answer must have its request id, and none may be a fault of the
    gateway's own.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, bearer: str | None = None) -> None:
        self.session = session
        self.url = url
        self.bearer = bearer

    def at(self, url: str) -> "Caller":
        """The same caller, at another gateway."""
        return Caller(self.session, url, self.bearer)

    def having(self, bearer: str | None) -> "Caller":
        """The same gateway with another bearer."""
        return Caller(self.session, self.url, bearer)

    async def send(
        self,
        method: str,
        path: str,
        *,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        may_be_away: bool = False,
    ) -> Answer:
        """Sends bytes as they are. `may_be_away`: the gateway may say that its database does not answer."""
        sent = dict(headers or {})
        if self.bearer is not None:
            sent.setdefault("Authorization", f"Bearer {self.bearer}")
        if isinstance(data, bytes) and len(data) > _LARGE:
            data = io.BytesIO(data)
        async with self.session.request(
            method,
            self.url + path,
            data=data,
            headers=sent,
            params=params,
            timeout=_TIMEOUT,
            allow_redirects=False,
        ) as response:
            answer = Answer(response.status, response.headers, await response.read())
        assert answer.headers.get("X-Request-Id"), (method, path, answer)
        assert answer.status != 500, (method, path, answer.text)
        assert answer.status != 503 or may_be_away, (method, path, answer.text)
        return answer

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        may_be_away: bool = False,
    ) -> Answer:
        """Sends JSON."""
        data = None if body is None else json.dumps(body).encode()
        sent = {**({"Content-Type": "application/json"} if data is not None else {}), **(headers or {})}
        return await self.send(method, path, data=data, headers=sent, params=params, may_be_away=may_be_away)

    async def get(self, path: str, **params: str) -> Any:
        """The JSON that is found there; it must be."""
        answer = await self.send("GET", path, params=params)
        assert answer.status == 200, answer.text
        return answer.json

    async def execute(
        self,
        workspace_id: UUID,
        connection_id: UUID,
        action: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        may_be_away: bool = False,
        **members: Any,
    ) -> Answer:
        """Runs an action."""
        body = {
            "workspace_id": str(workspace_id),
            "connection_id": str(connection_id),
            "action": action,
            "parameters": parameters or {},
            **members,
        }
        return await self.call("POST", "/api/v2/execute", body, headers=headers, may_be_away=may_be_away)
