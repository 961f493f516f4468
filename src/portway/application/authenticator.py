"""From a caller's bearer to the principal that the database sealed."""

import base64
import binascii
import hashlib
import json
from collections import OrderedDict
from datetime import timedelta

from portway.application.ports.accounts import AccountStore, SignUpPolicy
from portway.application.ports.clock import Clock, system_clock
from portway.application.ports.outside_tokens import OutsideTokenVerifier
from portway.domain.errors import Unauthenticated
from portway.domain.principal import Principal

CAPACITY = 10_000
MAX_BEARER_LENGTH = 16_384

# A pass that is about to expire would not last until the end of the request.
_MARGIN = timedelta(seconds=10)


class Authenticator:
    """Exchanges bearers for principals, and remembers them as long as their passes are good.

    What is remembered decides nothing: the database checks pass and revocation again in every statement.
    """

    def __init__(
        self,
        accounts: AccountStore,
        *,
        sign_up: SignUpPolicy,
        verifier: OutsideTokenVerifier | None = None,
        clock: Clock = system_clock,
        capacity: int = CAPACITY,
    ) -> None:
        self._accounts = accounts
        self._sign_up = sign_up
        self._verifier = verifier
        self._clock = clock
        self._capacity = capacity
        self._known: OrderedDict[bytes, Principal] = OrderedDict()

    async def authenticate(self, bearer: str) -> Principal:
        """The principal. Raises Unauthenticated, or Unavailable where the database does not answer."""
        if not bearer.isascii() or not bearer.isprintable() or len(bearer) > MAX_BEARER_LENGTH:
            raise Unauthenticated
        key = hashlib.sha256(bearer.encode()).digest()
        known = self._known.get(key)
        if known is not None and known.expires_at - self._clock() > _MARGIN:
            self._known.move_to_end(key)
            return known
        principal = await self._exchange(bearer, key)
        self._known[key] = principal
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)
        return principal

    def forget(self, bearer: str) -> None:
        """Asks the database again next time, after it refused the pass or the session ended."""
        self._known.pop(hashlib.sha256(bearer.encode()).digest(), None)

    async def _exchange(self, bearer: str, token_hash: bytes) -> Principal:
        principal = await self._accounts.authenticate(bearer, self._sign_up)
        if principal is None and self._verifier is not None and _is_signed_with_a_private_key(bearer):
            claims = await self._verifier.verify(bearer)
            await self._accounts.register_outside_session(claims, token_hash, self._sign_up)
            principal = await self._accounts.authenticate(bearer, self._sign_up)
        if principal is None:
            raise Unauthenticated
        return principal


def _is_signed_with_a_private_key(bearer: str) -> bool:
    """Whether this is a JWT (RFC 7519) whose algorithm is asymmetric, by its unverified header."""
    head, _, rest = bearer.partition(".")
    if rest.count(".") != 1:
        return False
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return False
    algorithm = header.get("alg") if isinstance(header, dict) else None
    return isinstance(algorithm, str) and algorithm[:2] in {"RS", "PS", "ES", "Ed"}
