"""The key set of an outside issuer."""

from collections.abc import Callable
from typing import Final

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

from portway.application.ports.http import HttpClient, OutgoingRequest
from portway.domain.errors import Unavailable
from portway.domain.json_value import JsonValue
from portway.infrastructure.oauth.fetched import RENEWAL_PAUSE_SECONDS, Fetched

MAX_AGE_SECONDS: Final = 600.0
_TIMEOUT_SECONDS = 5.0
_MAX_BYTES = 1024 * 1024
_KEY_TYPES: dict[JsonValue, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


class PublishedKeys:
    """The key set at a URL. Both methods raise Unavailable where there is none and none can be fetched."""

    def __init__(self, http: HttpClient, url: str, monotonic: Callable[[], float]) -> None:
        self._http = http
        self._url = url
        self._keys = Fetched(
            self._request,
            what="the key set of the token issuer",
            without="The keys of the issuer of this token cannot be fetched; try again shortly.",
            monotonic=monotonic,
        )

    async def current(self) -> KeySet:
        """The key set, at most MAX_AGE_SECONDS old while the issuer answers."""
        return await self._keys.get(MAX_AGE_SECONDS)

    async def renewed(self) -> KeySet:
        """The key set, fetched again if the last time is longer ago than RENEWAL_PAUSE_SECONDS."""
        return await self._keys.get(RENEWAL_PAUSE_SECONDS)

    async def _request(self) -> KeySet:
        request = OutgoingRequest("GET", self._url, {"accept": "application/json"})
        response = await self._http.send(
            request, timeout_seconds=_TIMEOUT_SECONDS, max_response_bytes=_MAX_BYTES
        )
        if response.status_code != 200:
            raise Unavailable(f"it answered {response.status_code}")
        keys = _read_keys(response.body)
        if not keys:
            raise Unavailable("it answered without a key that can verify signatures")
        return KeySet(keys)


def _read_keys(body: bytes) -> list[Key]:
    """The keys for signatures; others, and those that cannot be read, are left out (RFC 7517, section 5)."""
    try:
        document = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return []
    entries = document.get("keys") if isinstance(document, dict) else None
    found = [_read_key(entry) for entry in entries] if isinstance(entries, list) else []
    return [key for key in found if key is not None]


def _read_key(entry: JsonValue) -> Key | None:
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return None
    try:
        # Never a shared secret ("oct"). What the entry holds is validated here.
        key = _KEY_TYPES[entry["kty"]].import_key(entry)  # type: ignore[arg-type]
        # Keys are parsed at their first use, which is too late to leave one out.
        key.public_key  # noqa: B018
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return key
