"""Signing JSON Web Tokens (RFC 7515, RFC 7519) with the keys that people paste into a form."""

import json
import re
import warnings
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

_KEY_TYPES: dict[str, type[RSAKey | ECKey | OKPKey]] = {"RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey}
_PEM = re.compile(r"-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----(.*?)-----END \1-----", re.DOTALL)
_OF_THE_KEY = ("kid", "x5t", "x5t#S256")
# What parsers raise for a text that is no key, and for one that is another kind of key.
_NO_KEY = (JoseError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError)


class UnusableKeyError(Exception):
    """The text is not a private key with which this algorithm signs. The message repeats nothing of it."""


class _Signatures(jws.JWSRegistry):
    """Every algorithm that a row may name, without joserfc's warning about `EdDSA`, as servers still call it."""

    max_header_length = 8192

    def get_alg(self, name: str) -> JWSAlgModel:
        return self.algorithms[name]


_SIGNATURES = _Signatures(strict_check_header=False)


def sign_jwt(claims: Mapping[str, Any], key: str, algorithm: str, headers: Mapping[str, Any]) -> str:
    """The claims as a signed JWT. `headers` go before what a JWK says of itself (`kid`). Raises UnusableKeyError."""
    payload = json.dumps(dict(claims), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return sign({"typ": "JWT", **headers, "alg": algorithm}, payload, key)


def sign(header: Mapping[str, Any], payload: bytes, key: str) -> str:
    """The payload in the compact serialization, signed as `header` says in `alg`.

    `key` is a private key in PEM, also one that lost its line breaks, or a JWK; for HS algorithms, the secret itself.
    Raises UnusableKeyError.
    """
    algorithm = header["alg"]
    try:
        read, of_the_key = _read_key(key, algorithm)
        return jws.serialize_compact({**of_the_key, **header}, payload, read, registry=_SIGNATURES)
    except _NO_KEY:
        raise UnusableKeyError(f"It is not a key that can sign with {algorithm}.") from None


def _read_key(text: str, algorithm: str) -> tuple[Key, dict[str, str]]:
    """The key, and what its JWK says that a header has to repeat."""
    if algorithm.startswith("HS"):
        secret = text.encode()
        return OctKey(secret, secret), {}
    kind = _KEY_TYPES[algorithm[:2]]
    with warnings.catch_warnings():
        # Services gave out keys of 1024 bits; whoever has one has no choice.
        warnings.simplefilter("ignore", SecurityWarning)
        if text.lstrip().startswith("{"):
            jwk = json.loads(text)
            return kind.import_key(jwk), {name: jwk[name] for name in _OF_THE_KEY if jwk.get(name)}
        return kind.import_key(_pem(text)), {}


def _pem(text: str) -> str:
    """With line breaks where a form, an environment variable or JSON in JSON has lost them."""
    found = _PEM.search(text.replace("\\n", "\n"))
    if found is None:
        raise ValueError("no private key")
    label, body = found.groups()
    digits = "".join(body.split())
    lines = (digits[start : start + 64] for start in range(0, len(digits), 64))
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))
