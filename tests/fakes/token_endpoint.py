"""An authorization server, by heart."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portway.application.ports.token_endpoint import Registration, TemporaryCredentials
from portway.domain.credential import OAuthClient, TokenSet
from portway.domain.json_value import JsonObject


@dataclass(frozen=True, slots=True)
class CodeExchange:
    """What came with a code."""

    client: OAuthClient | None
    code: str
    redirect_uri: str
    code_verifier: str


class ScriptedTokenEndpoint:
    """Gives the answers of `script` in order, then new tokens for whatever it is asked; remembers it all.

    `refreshes` has the refresh token of each renewal, or the whole grant where it holds none. While `gate` is closed,
    calls hang; `arrived` says that one does.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._answers: deque[TokenSet | Exception] = deque()
        self._made = 0
        self.registrations: list[Registration] = []
        self.refreshes: list[str | Mapping[str, str]] = []
        self.scopes: list[tuple[str, ...]] = []
        self.clients: list[OAuthClient | None] = []
        self.exchanges: list[CodeExchange] = []
        self.revoked: list[tuple[str, OAuthClient | None]] = []
        self.hints: list[str] = []
        self.introspected: list[str] = []
        self.introspection: JsonObject = {"active": True}
        self.callbacks: list[str] = []
        self.verifiers: list[tuple[TemporaryCredentials, str]] = []
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
        self, registration: Registration, *, code: str, redirect_uri: str, code_verifier: str
    ) -> TokenSet:
        self.registrations.append(registration)
        self.exchanges.append(CodeExchange(registration.client, code, redirect_uri, code_verifier))
        return await self._answer()

    async def renew(
        self, registration: Registration, grant: Mapping[str, str], scopes: Sequence[str]
    ) -> TokenSet:
        self.registrations.append(registration)
        self.refreshes.append(grant.get("refresh_token") or dict(grant))
        self.scopes.append(tuple(scopes))
        self.clients.append(registration.client)
        return await self._answer()

    async def revoke(self, registration: Registration, token: str, token_type_hint: str) -> None:
        self.registrations.append(registration)
        self.revoked.append((token, registration.client))
        self.hints.append(token_type_hint)
        if self._answers:
            await self._answer()

    async def introspect(self, registration: Registration, token: str) -> JsonObject:
        self.introspected.append(token)
        return self.introspection

    async def temporary_credentials(self, registration: Registration, callback: str) -> TemporaryCredentials:
        self.registrations.append(registration)
        self.callbacks.append(callback)
        number = len(self.callbacks)
        return TemporaryCredentials(f"temporary-token-{number}", f"temporary-secret-{number}")

    async def exchange_verifier(
        self, registration: Registration, temporary: TemporaryCredentials, verifier: str
    ) -> TokenSet:
        self.registrations.append(registration)
        self.verifiers.append((temporary, verifier))
        return await self._answer()

    async def _answer(self) -> TokenSet:
        self.arrived.set()
        await asyncio.sleep(0)
        await self.gate.wait()
        answer = self._answers.popleft() if self._answers else self.tokens()
        if isinstance(answer, Exception):
            raise answer
        return answer
