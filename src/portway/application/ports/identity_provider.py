"""An outside issuer at which people sign in with their browser (OpenID Connect Core 1.0)."""

from dataclasses import dataclass, field
from typing import Protocol

from portway.application.ports.outside_tokens import OutsideClaims


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """What binds an answer to the browser that began: `state` and `nonce` are random, `code_verifier` as in RFC 7636.

    `return_to` is the page of ours to go on to.
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    return_to: str


class IdentityProvider(Protocol):
    """`id` stands in addresses, `name` is for people."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def issuer(self) -> str: ...

    async def authorization_url(self, attempt: SignInAttempt, redirect_uri: str) -> str:
        """Where the browser goes. Raises Unavailable where the issuer does not say."""
        ...

    async def redeem(self, code: str, attempt: SignInAttempt, redirect_uri: str) -> OutsideClaims:
        """Who signed in. Raises Unauthenticated for an answer that does not prove it, Unavailable."""
        ...
