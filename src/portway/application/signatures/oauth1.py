"""OAuth 1.0a: the signature of a request (RFC 5849, section 3)."""

import base64
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, quote

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec.structs import replace
from oauthlib.common import generate_nonce
from oauthlib.oauth1 import Client

from portway.application.ports.http import OutgoingRequest
from portway.application.requests.added_values import FORM
from portway.application.requests.header_fields import is_header_value
from portway.domain.errors import InvalidIntegrationConfig

# On level DEBUG it writes tokens and parameters.
logging.getLogger("oauthlib").setLevel(logging.WARNING)

_MAX_KEPT = 4096
_sound_keys: OrderedDict[bytes, None] = OrderedDict()
"""The digests of keys that were validated. The keys themselves are not kept."""

SignatureMethod = Literal["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"]


@dataclass(frozen=True, slots=True)
class OAuth1Credentials:
    """Who signs: the consumer, and the token that it was given. Where there is no token yet, or never one, `token` and
    `token_secret` are empty. For RSA-SHA1, `consumer_secret` is the private key in PEM.
    """

    consumer_key: str
    consumer_secret: str = field(repr=False)
    token: str = field(default="", repr=False)
    token_secret: str = field(default="", repr=False)


def sign_oauth1(
    request: OutgoingRequest,
    credentials: OAuth1Credentials,
    *,
    signature_method: SignatureMethod = "HMAC-SHA1",
    realm: str | None = None,
    protocol_parameters: Mapping[str, str] | None = None,
    nonce: Callable[[], str] = generate_nonce,
    timestamp: Callable[[], float] = time.time,
) -> OutgoingRequest:
    """The request with an Authorization header that signs its method, URL, and form body; any other body is not part
    of the signature.

    `protocol_parameters` are those of the steps to a token: `oauth_callback`, `oauth_verifier`. `timestamp` is in
    seconds since 1970. Raises InvalidIntegrationConfig for what cannot be signed.
    """
    further = protocol_parameters or {}
    method: Any = request.method  # the library's types know the usual ones only
    client = _Client(
        credentials.consumer_key,
        client_secret=credentials.consumer_secret,
        resource_owner_key=credentials.token or None,
        resource_owner_secret=credentials.token_secret or None,
        callback_uri=further.get("oauth_callback"),
        verifier=further.get("oauth_verifier"),
        signature_method=signature_method,
        rsa_key=credentials.consumer_secret,
        realm=_checked(realm),
        nonce=nonce(),
        timestamp=str(int(timestamp())),
    )
    try:
        _, headers, _ = client.sign(_signed_url(request), method)
    except UnicodeError:
        raise InvalidIntegrationConfig("a request that is signed must be valid UTF-8.") from None
    return replace(request, headers={**request.headers, "authorization": headers["Authorization"]})


def _rsa_sha1(base_string: str, client: Any) -> str:
    """RSASSA-PKCS1-v1_5 with SHA-1 (RFC 5849, section 3.4.3)."""
    signature = _rsa_key(client.rsa_key.encode()).sign(base_string.encode("ascii"), PKCS1v15(), SHA1())  # noqa: S303
    return base64.b64encode(signature).decode()


def _rsa_key(pem: bytes) -> RSAPrivateKey:
    """Whether a key's numbers are primes takes 40 ms to find out, so it is done once for each key."""
    digest = hashlib.sha256(pem).digest()
    try:
        key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=digest in _sound_keys)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise InvalidIntegrationConfig("the connection's `consumer_secret` is not an RSA private key in PEM.")
    _sound_keys[digest] = None
    if len(_sound_keys) > _MAX_KEPT:
        _sound_keys.popitem(last=False)
    return key


class _Client(Client):
    """The library's, but for RSA, for which it wants another library."""

    SIGNATURE_METHODS = {  # noqa: RUF012  as the library has it
        **Client.SIGNATURE_METHODS,
        "RSA-SHA1": _rsa_sha1,
    }


def _signed_url(request: OutgoingRequest) -> str:
    """The URL as the signature sees it: all parameters, those of a form too, decoded and encoded again, since the
    library refuses some characters that may stand in a query as they are. The request is sent as it is.
    """
    url, _, query = request.url.partition("?")
    pairs = _decoded(query)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM and request.body:
        if not isinstance(request.body, bytes):
            raise InvalidIntegrationConfig("a form that is streamed cannot be signed.")
        pairs += _decoded(request.body.decode("ascii"))
    return f"{url}?{'&'.join(f'{quote(name)}={quote(value)}' for name, value in pairs)}" if pairs else url


def _decoded(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True, errors="strict")


def _checked(realm: str | None) -> str | None:
    if realm is not None and (not is_header_value(realm) or '"' in realm or "\\" in realm):
        raise InvalidIntegrationConfig(
            "auth_config.oauth1.realm has a quote, backslash or control character."
        )
    return realm
