"""Secrets of a connection, decrypted for the time of one call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from portway.domain.json_value import JsonObject


@dataclass(frozen=True, slots=True)
class Credential:
    """What authenticates a call: `values` by member name (`access_token`, or `api_key`, or `username` and `password`).

    `version` is that of the stored secret: a refresh replaces exactly the version that it was made from.
    `issued_at` and `expires_at` are those of an access token, None where the service gave none.
    """

    values: Mapping[str, str] = field(repr=False)
    version: int
    issued_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TokenSet:
    """A successful token response (RFC 6749, section 5.1).

    `members` are further secret members of the credential. `answer` is the whole response, for what else it tells of
    the account; it holds the tokens too.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    scopes: tuple[str, ...] | None = None
    members: Mapping[str, str] = field(default_factory=dict, repr=False)
    answer: JsonObject = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """Portway's own registration at an authorization server (RFC 6749, section 2).

    `client_secret` is a private key (PEM or JWK) where the client authenticates with `private_key_jwt`.
    """

    client_id: str
    client_secret: str | None = field(repr=False)
