"""The key set of an outside issuer, fetched when it is needed and not more often than is polite."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

from portway.application.ports.http import HttpClient, OutgoingRequest
from portway.domain.errors import PortwayError, Unavailable
from portway.domain.json_value import JsonValue

MAX_AGE_SECONDS: Final = 600.0
MAX_STALE_SECONDS: Final = 3600.0
"""Until this age a key set serves on while its issuer does not answer; a withdrawn key may live that long."""

RENEWAL_PAUSE_SECONDS: Final = 30.0
"""Between two fetches while there is a key set, whatever unknown keys tokens name."""

RETRY_PAUSE_SECONDS: Final = 2.0
"""Between two fetches while there is none."""

_TIMEOUT_SECONDS = 5.0
_MAX_BYTES = 1024 * 1024
_KEY_TYPES: dict[JsonValue, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}

_log = logging.getLogger(__name__)


class PublishedKeys:
    """The key set at a URL. Both methods raise Unavailable where there is none and none can be fetched."""

    def __init__(self, http: HttpClient, url: str, monotonic: Callable[[], float]) -> None:
        self._http = http
        self._url = url
        self._monotonic = monotonic
        self._keys: KeySet | None = None
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def current(self) -> KeySet:
        """The key set, at most MAX_AGE_SECONDS old while the issuer answers."""
        return await self._get(MAX_AGE_SECONDS)

    async def renewed(self) -> KeySet:
        """The key set, fetched again if the last time is longer ago than RENEWAL_PAUSE_SECONDS."""
        return await self._get(RENEWAL_PAUSE_SECONDS)

    async def _get(self, max_age: float) -> KeySet:
        if self._is_due(max_age):
            # Whoever waited here finds it done.
            async with self._fetching:
                if self._is_due(max_age):
                    await self._fetch()
        if self._keys is None or self._monotonic() - self._fetched_at > MAX_STALE_SECONDS:
            raise Unavailable(
                "The keys of the issuer of this token cannot be fetched; try again shortly.",
                retry_after_seconds=RETRY_PAUSE_SECONDS,
            )
        return self._keys

    def _is_due(self, max_age: float) -> bool:
        now = self._monotonic()
        pause = RETRY_PAUSE_SECONDS if self._keys is None else RENEWAL_PAUSE_SECONDS
        return now - self._fetched_at >= max_age and now - self._tried_at >= pause

    async def _fetch(self) -> None:
        try:
            keys = await self._request()
        except PortwayError as error:
            _log.warning("the key set of the token issuer could not be fetched: %s", error.detail)
        else:
            self._keys, self._fetched_at = keys, self._monotonic()
        self._tried_at = self._monotonic()

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
