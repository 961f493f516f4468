"""What a token endpoint answered (RFC 6749, sections 5.1 and 5.2), as strict as it must be and no stricter.

A successful answer may hold the only copy of a rotated refresh token, so nothing but a missing access token
makes it a failure: what else is strange about it is left out.
"""

import json
import math
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from portway.application.ports.http import UpstreamResponse
from portway.application.ports.token_endpoint import TokenEndpointUnavailable, TokenRequestRefused
from portway.domain.credential import TokenSet
from portway.domain.json_value import JsonValue
from portway.domain.rules.execution_logging import mask_literals

MAX_DESCRIPTION = 300
"""Characters of the server's own words that are passed on."""

# So that the sum with any present time is a date.
_LONGEST_LIFETIME = timedelta(days=100 * 365)
_SERVERS_OWN_FAULTS = frozenset({"server_error", "temporarily_unavailable"})
_RETRYABLE_STATUSES = frozenset({408, 425, 429})
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa1-\ud7ff\ue000-\U0010ffff]+")


def read_tokens(response: UpstreamResponse, url: str, asked_at: datetime, secrets: Iterable[str]) -> TokenSet:
    """The tokens. `asked_at` is from before the request: a lifetime is rather taken for too short.

    `secrets` are what was sent, in case a refusal repeats them. Raises TokenRequestRefused and
    TokenEndpointUnavailable.
    """
    answer = read_object(response)
    access_token = _token(answer.get("access_token"))
    if response.status_code // 100 == 2 and access_token is not None:
        return TokenSet(
            access_token=access_token,
            refresh_token=_token(answer.get("refresh_token")),
            expires_at=_expiry(answer.get("expires_in"), asked_at),
            scopes=_scopes(answer.get("scope")),
        )
    raise refusal(response, answer, url, secrets)


def read_object(response: UpstreamResponse) -> dict[str, JsonValue]:
    """The answer's JSON object; empty where it is anything else."""
    try:
        # The standard library's parser, because it is the most lenient one about what does not matter here.
        answer = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def refusal(
    response: UpstreamResponse, answer: dict[str, JsonValue], url: str, secrets: Iterable[str]
) -> TokenRequestRefused | TokenEndpointUnavailable:
    """The error that an unsuccessful answer stands for.

    A refusal is final, and may cost a user their connection: it takes an answer below 500 that names an
    `error`.
    """
    status, error = response.status_code, _text(answer.get("error"))
    passing = status >= 500 or status in _RETRYABLE_STATUSES or error in _SERVERS_OWN_FAULTS
    if error is None or passing:
        what = "without a reason" if error is None else f"with {_clean(error, secrets)}"
        host = urlsplit(url).hostname
        return TokenEndpointUnavailable(f"The token endpoint at {host} answered {status} {what}.")
    description = _text(answer.get("error_description"))
    return TokenRequestRefused(
        _clean(error, secrets), None if description is None else _clean(description, secrets)
    )


def _clean(text: str, secrets: Iterable[str]) -> str:
    """The server's words for a person's eyes, without what it repeats of the request's secrets."""
    return str(mask_literals(_UNPRINTABLE.sub(" ", text).strip(), secrets))[:MAX_DESCRIPTION]


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and value else None


def _token(value: JsonValue) -> str | None:
    """A token is printable ASCII (RFC 6749, appendix A); another could be neither stored nor sent."""
    return value if isinstance(value, str) and value.isascii() and value.isprintable() and value else None


def _expiry(expires_in: JsonValue, asked_at: datetime) -> datetime | None:
    """None where there is no lifetime that could be meant; such a token is refreshed when it is refused."""
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float | str):
        return None
    try:
        seconds = float(expires_in)
    except (ValueError, OverflowError):
        return None
    if math.isnan(seconds) or seconds <= 0:
        return None
    return asked_at + timedelta(seconds=min(seconds, _LONGEST_LIFETIME.total_seconds()))


def _scopes(scope: JsonValue) -> tuple[str, ...] | None:
    """Separated by spaces (the standard) or commas (many servers); None where the answer does not say."""
    if not isinstance(scope, str):
        return None
    return tuple(scope.replace(",", " ").split()) or None
