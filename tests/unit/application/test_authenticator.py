"""The authenticator: what it asks, what it remembers, and what it lets nobody do."""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from portway.application.authenticator import Authenticator
from portway.application.ports.accounts import PasswordVerifier, SignUpPolicy
from portway.domain.errors import Unauthenticated
from tests.fakes.accounts import InMemoryAccountStore
from tests.fakes.time import SettableClock


@dataclass(frozen=True)
class Claims:
    """Of an outside token."""

    expires_at: datetime
    issuer: str = "https://issuer.example"
    subject: str = "s"
    email: str | None = None
    email_verified: bool = False
    name: str | None = None


class Verifier:
    """Takes every token but those of eve."""

    def __init__(self, clock: SettableClock) -> None:
        self._clock = clock
        self.verified: list[str] = []

    async def verify(self, token: str) -> Claims:
        self.verified.append(token)
        if token.endswith("eve"):
            raise Unauthenticated
        return Claims(self._clock() + timedelta(hours=1))


def jwt(header: object, signature: str = "c2ln") -> str:
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{encoded}.e30.{signature}"


class Arranged:
    def __init__(self, *, capacity: int = 100) -> None:
        self.clock = SettableClock(datetime(2026, 5, 1, tzinfo=UTC))
        self.store = InMemoryAccountStore(self.clock)
        self.verifier = Verifier(self.clock)
        self.authenticator = Authenticator(
            self.store,
            sign_up=SignUpPolicy.OPEN,
            verifier=self.verifier,
            clock=self.clock,
            capacity=capacity,
        )

    async def bearer(self, email: str = "ann@example.com") -> str:
        verifier = PasswordVerifier(b"salt", "p", hashlib.sha256(b"proof").digest())
        await self.store.sign_up(
            email=email,
            name=None,
            password=verifier,
            token=None,
            policy=SignUpPolicy.OPEN,
            first_needs_token=False,
        )
        session = await self.store.sign_in(email, b"proof")
        assert session is not None
        return session.access_token


class TestMemory:
    async def test_asks_once_while_the_pass_is_good(self) -> None:
        arranged = Arranged()
        bearer = await arranged.bearer()

        first = await arranged.authenticator.authenticate(bearer)
        arranged.clock.advance(280)
        second = await arranged.authenticator.authenticate(bearer)
        arranged.clock.advance(11)
        third = await arranged.authenticator.authenticate(bearer)

        assert first is second
        assert third.expires_at > first.expires_at
        assert arranged.store.authentications == 2

    async def test_forgets_when_told(self) -> None:
        arranged = Arranged()
        bearer = await arranged.bearer()
        await arranged.authenticator.authenticate(bearer)

        arranged.authenticator.forget(bearer)
        arranged.authenticator.forget("never seen")
        await arranged.authenticator.authenticate(bearer)

        assert arranged.store.authentications == 2

    async def test_is_bounded_and_keeps_who_came_last(self) -> None:
        arranged = Arranged(capacity=2)
        bearers = [await arranged.bearer(f"p{number}@example.com") for number in range(3)]
        for bearer in (bearers[0], bearers[1], bearers[0], bearers[2], bearers[0]):
            await arranged.authenticator.authenticate(bearer)

        assert arranged.store.authentications == 3
        await arranged.authenticator.authenticate(bearers[1])
        assert arranged.store.authentications == 4

    async def test_remembers_nobody_who_was_refused(self) -> None:
        arranged = Arranged()
        for _ in range(2):
            with pytest.raises(Unauthenticated):
                await arranged.authenticator.authenticate("unknown")
        assert arranged.store.authentications == 2


class TestOutsideTokens:
    @pytest.mark.parametrize("algorithm", ["RS256", "PS512", "ES256", "EdDSA", "Ed25519"])
    async def test_are_verified_once_and_registered(self, algorithm: str) -> None:
        arranged = Arranged()
        token = jwt({"alg": algorithm})

        first = await arranged.authenticator.authenticate(token)
        arranged.authenticator.forget(token)
        second = await arranged.authenticator.authenticate(token)

        assert first.user_id == second.user_id
        assert arranged.verifier.verified == [token]

    @pytest.mark.parametrize(
        "token",
        [
            jwt({"alg": "HS256"}),
            jwt({"alg": "none"}),
            jwt({"alg": 1}),
            jwt({}),
            jwt([]),
            "a.b.c",
            "....",
            "\u00e9.b.c",
            "x" * 20_000,
            "pw_0123456789",
            "line\nbreak",
            "",
        ],
    )
    async def test_that_no_private_key_signed_are_not_even_looked_at(self, token: str) -> None:
        arranged = Arranged()

        with pytest.raises(Unauthenticated):
            await arranged.authenticator.authenticate(token)
        assert arranged.verifier.verified == []

    async def test_that_do_not_verify_register_nobody(self) -> None:
        arranged = Arranged()

        with pytest.raises(Unauthenticated):
            await arranged.authenticator.authenticate(jwt({"alg": "RS256"}, "eve"))
        assert len(arranged.verifier.verified) == 1
