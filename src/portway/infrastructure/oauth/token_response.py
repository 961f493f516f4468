"""What a token endpoint answered (RFC 6749, sections 5.1 and 5.2), as strict as it must be and no stricter.

A successful answer may hold the only copy of a rotated refresh token, so nothing but a missing access token
makes it a failure: what else is strange about it is left out.
"""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from portway.application.language.auth_config import AuthConfig
from portway.application.language.expression import Expression, compiled
from portway.application.ports.http import UpstreamResponse
from portway.application.ports.token_endpoint import TokenEndpointUnavailable, TokenRequestRefused
from portway.domain.credential import TokenSet
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.rules.execution_logging import mask_literals

MAX_DESCRIPTION = 300
"""Characters of the server's own words that are passed on."""

UNNAMED_REFUSAL: Final = "refused"
"""The code of a refusal that says that it is one, and not which."""

GRANT_GONE: Final = "invalid_grant"

# So that the sum with any present time is a date.
_LONGEST_LIFETIME = timedelta(days=100 * 365)
# A number of seconds since 1970 that is larger would be after the year 5000.
_MILLISECONDS_FROM = 1e11
_SERVERS_OWN_FAULTS = frozenset({"server_error", "temporarily_unavailable"})
_RETRYABLE_STATUSES = frozenset({408, 425, 429})
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa1-\ud7ff\ue000-\ufffc\U00010000-\U0010ffff]+")
_FORM = re.compile(r"[A-Za-z_][\w.\[\]-]*=[^=&\s][^&\s]*(?:&[^&\s]*)*")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer is an answer to. `at` is from before the request: a lifetime is rather taken for too short.

    `secrets` are what was sent, in case a refusal repeats them. `own_credentials` is set where the connection's own
    credentials were sent, not a token: it has the codes of refusals that say something else than that these are not
    good (any more). Every other refusal is taken for that, which is `denial`.
    """

    url: str
    at: datetime
    secrets: tuple[str, ...] = field(default=(), repr=False)
    own_credentials: frozenset[str] | None = None
    denial: str = GRANT_GONE


class TokenReader:
    """Reads answers as `token_response` of a row says. Raises InvalidIntegrationConfig for a broken expression, so that
    no answer is lost by it.
    """

    def __init__(self, config: AuthConfig) -> None:
        self._rules = rules = config.token_response
        self._lifetime = config.token_lifetime_seconds
        self._separator = config.scope_separator
        self._access_token = _compiled(rules.access_token, "access_token")
        self._refresh_token = _compiled(rules.refresh_token, "refresh_token")
        self._expires_in = _compiled(rules.expires_in, "expires_in")
        self._expires_at = None if rules.expires_at is None else _compiled(rules.expires_at, "expires_at")
        self._scope = _compiled(rules.scope, "scope")
        self._error = _compiled(rules.error, "error")
        self._description = _compiled(rules.error_description, "error_description")
        self._members = {name: _compiled(text, f"members.{name}") for name, text in rules.members.items()}

    def read(self, response: UpstreamResponse, asked: Asked) -> TokenSet:
        """The tokens. Raises TokenRequestRefused and TokenEndpointUnavailable."""
        answer = read_answer(response)
        access_token = _token(_find(self._access_token, answer))
        if response.status_code // 100 != 2 or access_token is None:
            raise self.refusal(response, asked)
        return TokenSet(
            access_token=access_token,
            refresh_token=_token(_find(self._refresh_token, answer)),
            expires_at=self._expiry(answer, asked.at),
            scopes=self._scopes(_find(self._scope, answer)),
            members=self._further_members(answer),
            answer=as_object(answer),
        )

    def refusal(
        self, response: UpstreamResponse, asked: Asked
    ) -> TokenRequestRefused | TokenEndpointUnavailable:
        """The error that an unsuccessful answer stands for.

        A refusal is final, and may cost a user their connection: it takes an answer below 500 that names an `error`, or
        a 400 or 401 to the connection's own credentials.
        """
        answer = read_answer(response)
        error = _code(_find(self._error, answer))
        description = _text(_find(self._description, answer))
        if not _is_final(response.status_code, error, asked):
            what = _what(response.status_code, error)
            host = urlsplit(asked.url).hostname
            raised = f"The token endpoint at {host} answered {response.status_code} {what}."
            return TokenEndpointUnavailable(_clean(raised, asked.secrets))
        if _is_denial(response.status_code, error, asked):
            description = ": ".join(word for word in (error, description) if word and word != asked.denial)
            error = asked.denial
        return TokenRequestRefused(
            _clean(error or UNNAMED_REFUSAL, asked.secrets),
            _clean(description, asked.secrets) if description else None,
        )

    def _expiry(self, answer: JsonValue, asked_at: datetime) -> datetime | None:
        """None where there is no time that could be meant; such a token is refreshed when it is refused."""
        if self._expires_at is not None:
            time = _time(_find(self._expires_at, answer), asked_at)
            if time is not None:
                return time
        seconds = _positive(_find(self._expires_in, answer))
        if seconds is not None and self._rules.expires_in_unit == "milliseconds":
            seconds /= 1000
        lifetime = seconds or self._lifetime
        if not lifetime:
            return None
        return asked_at + timedelta(seconds=min(lifetime, _LONGEST_LIFETIME.total_seconds()))

    def _scopes(self, scope: JsonValue) -> tuple[str, ...] | None:
        """A list, or a text separated by spaces (the standard), commas (many servers) or as the row has it; None where
        the answer does not say.
        """
        if isinstance(scope, str):
            scope = [*scope.replace(self._separator, " ").replace(",", " ").split()]
        if not isinstance(scope, list):
            return None
        # What is not printable, such as a NUL, could not be stored.
        return tuple(item for item in scope if isinstance(item, str) and item and item.isprintable()) or None

    def _further_members(self, answer: JsonValue) -> dict[str, str]:
        found = {name: _member(_find(expression, answer)) for name, expression in self._members.items()}
        return {name: value for name, value in found.items() if value}


def read_answer(response: UpstreamResponse) -> JsonValue:
    """The answer: JSON, whatever its content type says; a form as an object; another text as it is."""
    try:
        # The standard library's parser, because it is the most lenient one about what does not matter here.
        answer: JsonValue = json.loads(response.body, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return _form_or_text(response)
    return answer


def as_object(answer: JsonValue) -> JsonObject:
    """The answer; empty where it is anything but an object."""
    return answer if isinstance(answer, dict) else {}


def _form_or_text(response: UpstreamResponse) -> JsonValue:
    text = response.body.decode("utf-8", "replace").strip()
    said = response.headers.get("content-type", "").lower()
    if _FORM.fullmatch(text) or (text and said.startswith("application/x-www-form-urlencoded")):
        return dict(parse_qsl(text, keep_blank_values=True))
    return text or None


def _is_final(status: int, error: str | None, asked: Asked) -> bool:
    if status >= 500 or status in _RETRYABLE_STATUSES or error in _SERVERS_OWN_FAULTS:
        return False
    return error is not None or (asked.own_credentials is not None and status in (400, 401))


def _is_denial(status: int, error: str | None, asked: Asked) -> bool:
    """Whether a refusal is about the credentials. A 404 with an `error`, say, is about the row's URL."""
    if asked.own_credentials is None or error in asked.own_credentials:
        return False
    return status // 100 == 2 or status in (400, 401, 403)


def _what(status: int, error: str | None) -> str:
    if error is not None:
        return f"with {error[:MAX_DESCRIPTION]}"
    return "without what it was asked for" if status // 100 == 2 else "without a reason"


def _compiled(text: str, member: str) -> Expression:
    return compiled(text, f"token_response.{member}", "auth_config")


def _find(expression: Expression, answer: JsonValue) -> JsonValue:
    try:
        return expression.find(answer)
    except InvalidIntegrationConfig:  # it takes too long for an answer of this size
        return None


def _clean(text: str, secrets: Iterable[str]) -> str:
    """The server's words for a person's eyes, without what it repeats of the request's secrets."""
    return _UNPRINTABLE.sub(" ", str(mask_literals(text, secrets))).strip()[:MAX_DESCRIPTION]


def _code(value: JsonValue) -> str | None:
    """The name of an error. Some services number theirs, and some only say that there is one."""
    if value is True:
        return UNNAMED_REFUSAL
    if isinstance(value, int | float) and value:
        return _member(value)
    return _text(value)


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and value else None


def _token(value: JsonValue) -> str | None:
    """A token is printable ASCII (RFC 6749, appendix A); another could be neither stored nor sent."""
    return value if isinstance(value, str) and value.isascii() and value.isprintable() and value else None


def _member(value: JsonValue) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        text = str(value)
        text.encode()
    except ValueError:  # half a surrogate pair, or more digits than Python writes
        return None
    return None if "\0" in text else text


def _positive(value: JsonValue) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if number > 0 and not math.isnan(number) else None


def _time(value: JsonValue, asked_at: datetime) -> datetime | None:
    """RFC 3339, or seconds or milliseconds since 1970; None for a time that is over already."""
    number = _positive(value)
    if number is not None:
        seconds = number / 1000 if number > _MILLISECONDS_FROM else number
        left = seconds - asked_at.timestamp()
        return (
            asked_at + timedelta(seconds=min(left, _LONGEST_LIFETIME.total_seconds())) if left > 0 else None
        )
    try:
        time = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
        time = time.replace(tzinfo=UTC) if time and time.tzinfo is None else time
        return time.astimezone(UTC) if time and time > asked_at else None
    except (ValueError, OverflowError):
        return None
