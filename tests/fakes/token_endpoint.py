"""An authorization server, by heart."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from portway.domain.credential import OAuthClient, TokenSet
from portway.domain.integration import Integration


@dataclass(frozen=True, slots=True)
class CodeExchange:
    """What came with a code."""

    client: OAuthClient
    code: str
    redirect_uri: str
    code_verifier: str


class ScriptedTokenEndpoint:
    """Gives the answers of `script` in order, then new tokens for whatever it is asked; remembers it all.

    While `gate` is closed, calls hang; `arrived` says that one does.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._answers: deque[TokenSet | Exception] = deque()
        self._made = 0
        self.refreshes: list[str] = []
        self.clients: list[OAuthClient] = []
        self.exchanges: list[CodeExchange] = []
        self.revoked: list[tuple[str, OAuthClient]] = []
        self.arrived = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    def script(self, *answers: TokenSet | Exception) -> None:
        self._answers.extend(answers)

    def tokens(self) -> TokenSet:
        """New ones, good for an hour: access-token-1 and refresh-token-1, and so on."""
        self._made += 1
        return TokenSet(
            f"access-token-{self._made}",
            f"refresh-token-{self._made}",
            self._clock() + timedelta(hours=1),
        )

    async def exchange_code(
        self,
        integration: Integration,
        client: OAuthClient,
        *,
        code: str,
        redirect_uri: str,
        code_verifier: str,
    ) -> TokenSet:
        self.exchanges.append(CodeExchange(client, code, redirect_uri, code_verifier))
        return await self._answer()

    async def refresh(self, integration: Integration, client: OAuthClient, refresh_token: str) -> TokenSet:
        self.refreshes.append(refresh_token)
        self.clients.append(client)
        return await self._answer()

    async def revoke(self, integration: Integration, client: OAuthClient, token: str) -> None:
        self.revoked.append((token, client))
        if self._answers:
            await self._answer()

    async def _answer(self) -> TokenSet:
        self.arrived.set()
        await asyncio.sleep(0)
        await self.gate.wait()
        answer = self._answers.popleft() if self._answers else self.tokens()
        if isinstance(answer, Exception):
            raise answer
        return answer
