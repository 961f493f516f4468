"""Signing in with a browser at an outside issuer."""

import re
import secrets
from collections.abc import Mapping, Sequence
from enum import StrEnum
from hmac import compare_digest
from typing import Final

from portway.application.account_service import AccountService, SignedIn
from portway.application.attempts import AttemptGuard
from portway.application.ports.identity_provider import IdentityProvider, SignInAttempt
from portway.domain.errors import (
    Forbidden,
    MalformedRequest,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
)

CALLBACK_PATH: Final = "/api/v2/auth/providers/{id}/callback"

# Never "//host" or a backslash, which browsers read as another machine's address.
_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}")


def is_own_path(path: str) -> bool:
    """Whether a browser that is sent there stays with us."""
    return _OWN_PATH.fullmatch(path) is not None


class Refusal(StrEnum):
    """Why nobody is signed in, for the sign-in page."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"
    NOT_INVITED = "not_invited"
    UNAVAILABLE = "unavailable"


class SignInRefused(Exception):
    """`detail` is for the log of the operator, not for the page."""

    def __init__(self, refusal: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.refusal = refusal
        self.detail = detail


class OutsideSignIn:
    """The authorization code flow with state, nonce and PKCE, at the issuers that the environment names."""

    def __init__(
        self,
        providers: Sequence[IdentityProvider],
        accounts: AccountService,
        attempts: AttemptGuard,
        *,
        public_url: str,
    ) -> None:
        self._providers = {provider.id: provider for provider in providers}
        self._accounts = accounts
        self._attempts = attempts
        self._public_url = public_url

    @property
    def providers(self) -> Sequence[IdentityProvider]:
        """In the order in which they are shown."""
        return list(self._providers.values())

    async def begin(self, provider_id: str, return_to: str) -> tuple[str, SignInAttempt]:
        """Where the browser goes, and what it must bring back.

        Raises NotFound for another provider, MalformedRequest for a `return_to` that is no path of ours, SignInRefused
        where the provider does not answer.
        """
        provider = self._provider(provider_id)
        if not is_own_path(return_to):
            raise MalformedRequest("return_to must be a path of this Portway, such as /w.")
        attempt = SignInAttempt(
            secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), return_to
        )
        try:
            return await provider.authorization_url(attempt, self._redirect_uri(provider)), attempt
        except Unavailable as error:
            raise SignInRefused(Refusal.UNAVAILABLE, error.detail) from error

    async def complete(
        self,
        provider_id: str,
        attempt: SignInAttempt | None,
        answer: Mapping[str, str],
        *,
        client: str,
        user_agent: str | None,
    ) -> SignedIn:
        """A session for who signed in. `answer` is the query that the browser came back with, `attempt` what it kept;
        `client` and `user_agent` as for `AccountService.sign_in`.

        Raises SignInRefused; NotFound as above.
        """
        provider = self._provider(provider_id)
        if (
            attempt is None
            or not is_own_path(attempt.return_to)
            or not compare_digest(attempt.state.encode(), answer.get("state", "").encode())
        ):
            raise SignInRefused(Refusal.EXPIRED, "the answer is not to what this browser began")
        # RFC 9207: an answer of another issuer's would carry a code to the wrong one.
        if answer.get("iss", provider.issuer) != provider.issuer:
            raise SignInRefused(Refusal.FAILED, "the answer is another issuer's")
        if "error" in answer or not answer.get("code"):
            refusal = Refusal.CANCELLED if answer.get("error") == "access_denied" else Refusal.FAILED
            raise SignInRefused(
                refusal, f"the issuer answered {answer.get('error', 'without a code')[:100]!r}"
            )
        try:
            await self._attempts.sign_in_outside(client)
            claims = await provider.redeem(answer["code"], attempt, self._redirect_uri(provider))
            return await self._accounts.sign_in_outside(claims, user_agent=user_agent)
        except (Unavailable, RateLimited) as error:
            raise SignInRefused(Refusal.UNAVAILABLE, error.detail) from error
        except Unauthenticated as error:
            raise SignInRefused(Refusal.FAILED, error.detail) from error
        except Forbidden as error:
            raise SignInRefused(Refusal.NOT_INVITED, error.detail) from error

    def _provider(self, provider_id: str) -> IdentityProvider:
        provider = self._providers.get(provider_id)
        if provider is None:
            raise NotFound("There is no such provider.")
        return provider

    def _redirect_uri(self, provider: IdentityProvider) -> str:
        return self._public_url + CALLBACK_PATH.format(id=provider.id)
