"""Secrets of everybody in the table, new in each run."""

import base64
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from joserfc.jwk import ECKey, RSAKey

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://api.example.com/"
_BY_REDIRECT = ("authorization_code", "refresh_token")


class KeyPair:
    """A private key of a client's, and what it registered of it."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self._key = RSAKey.generate_key(2048) if algorithm.startswith("RS") else ECKey.generate_key("P-256")

    @cached_property
    def pem(self) -> str:
        return self._key.as_pem(private=True).decode()

    @cached_property
    def public_pem(self) -> str:
        return self._key.as_pem(private=False).decode()

    @cached_property
    def jwk(self) -> dict[str, Any]:
        return dict(self._key.as_dict(private=False))


@dataclass(frozen=True)
class Secrets:
    """`clients` is the metadata (RFC 7591) of the authorization server's clients, by a name of the table's."""

    control_token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    api_key: str = field(default_factory=lambda: f"key-{secrets.token_urlsafe(18)}")
    app_key: str = field(default_factory=lambda: f"app-{secrets.token_urlsafe(18)}")
    username: str = "AC-svc.portway"
    password: str = field(default_factory=lambda: f"pä:ss wörd+{secrets.token_urlsafe(9)}")
    rsa: KeyPair = field(default_factory=lambda: KeyPair("RS256"))
    ec: KeyPair = field(default_factory=lambda: KeyPair("ES256"))
    stranger_rsa: KeyPair = field(default_factory=lambda: KeyPair("RS256"))
    stranger_ec: KeyPair = field(default_factory=lambda: KeyPair("ES256"))
    shared_key: str = field(default_factory=lambda: secrets.token_urlsafe(40))
    aws_secret: str = field(default_factory=lambda: secrets.token_urlsafe(30))
    aws_session_token: str = field(default_factory=lambda: secrets.token_urlsafe(60))

    @cached_property
    def clients(self) -> dict[str, dict[str, Any]]:
        every = (*_BY_REDIRECT, "client_credentials")
        return {
            "post": _client("client_secret_post", (*every, JWT_BEARER)),
            # RFC 6749, section 2.3.1: both halves are form-encoded before they are put together.
            "basic": _client("client_secret_basic", every, secret="s:c%+& " + secrets.token_urlsafe(24)),
            "rsa": _client("private_key_jwt", every, key=self.rsa),
            "ec": _client("private_key_jwt", every, key=self.ec),
            "public": _client("none", _BY_REDIRECT),
            "without_pkce": _client("client_secret_post", _BY_REDIRECT),
            "offline": _client("client_secret_post", _BY_REDIRECT),
            "unrotated": _client("client_secret_post", _BY_REDIRECT),
            "service_account": {
                **_client("none", (JWT_BEARER,)),
                "client_id": "portway@project.iam.example.com",
            },
        }

    def secret_of(self, client: str) -> str | None:
        """What an operator enters as the client's secret."""
        metadata = self.clients[client]
        if metadata["token_endpoint_auth_method"] == "private_key_jwt":
            return {"rsa": self.rsa, "ec": self.ec}[client].pem
        return metadata.get("client_secret")

    @property
    def settings(self) -> dict[str, Any]:
        """What the servers get to know, which of a key pair is its public half."""
        rsa, ec = ({"jwk": pair.jwk, "alg": pair.algorithm} for pair in (self.rsa, self.ec))
        return {
            "control_token": self.control_token,
            "clients": self.clients,
            "audiences": [AUDIENCE],
            "keys": {name: getattr(self, name) for name in ("api_key", "app_key", "username", "password")},
            "service_accounts": {
                "portway@project.iam.example.com": rsa,
                self.clients["post"]["client_id"]: {**ec, "audience": "https://login.example.com"},
            },
            "issuers": {
                # https://developer.apple.com/documentation/appstoreconnectapi/generating-tokens-for-api-requests
                "57246542-96fe-1a63-e053-0824d011072a": {
                    **ec, "kid": "2X9R4HXF34", "audience": "appstoreconnect-v1", "longest_seconds": 1200,
                },
                # https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
                "Iv23f8doAlphaNumer1c": {**rsa, "longest_seconds": 720},
                "shared": {
                    "jwk": {"kty": "oct", "k": _base64url(self.shared_key)}, "alg": "HS256", "longest_seconds": 300,
                },
            },
            "aws": {
                "AKIDEXAMPLE": {"secret_access_key": self.aws_secret},
                "ASIAEXAMPLE": {"secret_access_key": self.aws_secret, "session_token": self.aws_session_token},
            },
        }  # fmt: skip


def _client(
    method: str, grants: tuple[str, ...], *, secret: str | None = None, key: KeyPair | None = None
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "client_id": f"client-{secrets.token_hex(6)}",
        "token_endpoint_auth_method": method,
        "grant_types": list(grants),
    }
    if key is not None:
        made |= {"jwks": {"keys": [key.jwk]}, "token_endpoint_auth_signing_alg": key.algorithm}
    elif method != "none":
        made["client_secret"] = secret or secrets.token_urlsafe(24)
    return made


def _base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
