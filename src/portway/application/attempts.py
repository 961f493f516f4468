"""How often somebody may try: to sign in, to sign up, to have mail sent, to redeem a link."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from uuid import UUID

from portway.application.ports.rate_limits import CountedLimit, RateLimiter
from portway.domain.errors import RateLimited


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `attempts` in any `seconds`. `name` tells the limit's counts from those of others."""

    name: str
    attempts: int
    seconds: int

    def of(self, key: str) -> CountedLimit:
        """The limit of one account, or of one place."""
        return CountedLimit(f"{self.name}:{key}", self.attempts, self.seconds)


# An account is limited together with the address first, so that a stranger elsewhere locks nobody out; over all
# addresses together it is limited far above what a person tries.
SIGN_IN_HERE = Limit("sign-in account and address", attempts=10, seconds=300)
SIGN_IN_ACCOUNT = Limit("sign-in account", attempts=100, seconds=3600)
SIGN_IN_ADDRESS = Limit("sign-in address", attempts=100, seconds=300)
SIGN_IN_OUTSIDE_ADDRESS = Limit("outside sign-in address", attempts=100, seconds=300)
# Of its own, so that whoever holds an API key keeps nobody from signing in.
PASSWORD_CHANGE = Limit("password change", attempts=10, seconds=300)
SIGN_UP_ADDRESS = Limit("sign-up address", attempts=30, seconds=3600)
MAIL_ACCOUNT = Limit("mail account", attempts=5, seconds=3600)
MAIL_ADDRESS = Limit("mail address", attempts=30, seconds=3600)
REDEEM_ADDRESS = Limit("redeem address", attempts=30, seconds=300)
# Each attempt sends what was entered to a service.
CONNECT_LINK = Limit("connect link", attempts=20, seconds=600)


class AttemptGuard:
    """Every method raises RateLimited. `client` is a network address as text."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    @asynccontextmanager
    async def sign_in(self, client: str, email: str) -> AsyncIterator[None]:
        """Around an attempt; leaving the block without an exception says that it succeeded."""
        place, account = _place(client), _account(email)
        here, everywhere = SIGN_IN_HERE.of(f"{account} {place}"), SIGN_IN_ACCOUNT.of(account)
        await self._attempt(SIGN_IN_ADDRESS.of(place))
        await self._attempt(here)
        await self._attempt(everywhere)
        yield
        await self._limiter.forget(here)
        await self._limiter.forget(everywhere)

    @asynccontextmanager
    async def password_change(self, user_id: UUID) -> AsyncIterator[None]:
        """The same around a change of somebody's own password."""
        limit = PASSWORD_CHANGE.of(str(user_id))
        await self._attempt(limit)
        yield
        await self._limiter.forget(limit)

    async def sign_in_outside(self, client: str) -> None:
        """Before an outside issuer is asked who signed in."""
        await self._attempt(SIGN_IN_OUTSIDE_ADDRESS.of(_place(client)))

    async def sign_up(self, client: str) -> None:
        """Before making an account."""
        await self._attempt(SIGN_UP_ADDRESS.of(_place(client)))

    async def mail(self, client: str, email: str) -> None:
        """Before mail goes to an address that a stranger may have named."""
        await self._attempt(MAIL_ADDRESS.of(_place(client)))
        await self._attempt(MAIL_ACCOUNT.of(_account(email)))

    async def redeem(self, client: str) -> None:
        """Before a link's token is looked at."""
        await self._attempt(REDEEM_ADDRESS.of(_place(client)))

    async def connect(self, link_id: UUID) -> None:
        """Before a connect link's holder tries to connect."""
        await self._attempt(CONNECT_LINK.of(str(link_id)))

    async def _attempt(self, limit: CountedLimit) -> None:
        (standing,) = await self._limiter.take([limit])
        if standing.wait_seconds > 0:
            raise RateLimited(
                standing.wait_seconds, "Too many attempts; wait before you try again.", standing.state
            )


def _place(client: str) -> str:
    """The address; for IPv6 its /64, which is what one customer of a provider has at the least."""
    try:
        address = ip_address(client)
    except ValueError:
        return client[:64]
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return str(address)


def _account(email: str) -> str:
    """A short key for an address of whatever length."""
    return hashlib.sha256(email.lower().encode()).hexdigest()[:32]
