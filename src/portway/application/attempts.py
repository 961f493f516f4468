"""How often somebody may try: to sign in, to sign up, to have mail sent, to redeem a link."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, ip_address

from portway.application.ports.limits import AttemptLimiter, Limit

# An account is limited together with the address first, so that a stranger elsewhere locks nobody out; over all
# addresses together it is limited far above what a person tries.
SIGN_IN_HERE = Limit("sign-in account and address", attempts=10, seconds=300)
SIGN_IN_ACCOUNT = Limit("sign-in account", attempts=100, seconds=3600)
SIGN_IN_ADDRESS = Limit("sign-in address", attempts=100, seconds=300)
SIGN_UP_ADDRESS = Limit("sign-up address", attempts=30, seconds=3600)
MAIL_ACCOUNT = Limit("mail account", attempts=5, seconds=3600)
MAIL_ADDRESS = Limit("mail address", attempts=30, seconds=3600)
REDEEM_ADDRESS = Limit("redeem address", attempts=30, seconds=300)


class AttemptGuard:
    """Every method raises RateLimited. `client` is a network address as text."""

    def __init__(self, limiter: AttemptLimiter) -> None:
        self._limiter = limiter

    @asynccontextmanager
    async def sign_in(self, client: str, email: str) -> AsyncIterator[None]:
        """Around an attempt; leaving the block without an exception says that it succeeded."""
        place, account = _place(client), _account(email)
        await self._limiter.attempt(SIGN_IN_ADDRESS, place)
        await self._limiter.attempt(SIGN_IN_HERE, f"{account} {place}")
        await self._limiter.attempt(SIGN_IN_ACCOUNT, account)
        yield
        await self._limiter.forgive(SIGN_IN_HERE, f"{account} {place}")
        await self._limiter.forgive(SIGN_IN_ACCOUNT, account)

    async def sign_up(self, client: str) -> None:
        """Before making an account."""
        await self._limiter.attempt(SIGN_UP_ADDRESS, _place(client))

    async def mail(self, client: str, email: str) -> None:
        """Before mail goes to an address that a stranger may have named."""
        await self._limiter.attempt(MAIL_ADDRESS, _place(client))
        await self._limiter.attempt(MAIL_ACCOUNT, _account(email))

    async def redeem(self, client: str) -> None:
        """Before a link's token is looked at."""
        await self._limiter.attempt(REDEEM_ADDRESS, _place(client))


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
