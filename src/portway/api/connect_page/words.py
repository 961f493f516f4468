"""What went wrong, in words for somebody who knows nothing of APIs."""

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from portway.api.connect_page.fields import CONFIG_PREFIX, CREDENTIALS_PREFIX
from portway.application.connect_form import ConnectForm
from portway.application.ports.connect_links import OpenedLink
from portway.domain import errors
from portway.domain.errors import PortwayError
from portway.domain.json_value import JsonValue
from portway.domain.parameter_pointer import config_pointer

_MAX_WORDS = 200
_REFUSALS = frozenset({400, 401, 403, 404, 422})
# Where services say what is wrong.
_SAYING = ("message", "error_description", "error_message", "detail", "title", "description", "error")


@dataclass(frozen=True, slots=True)
class Trouble:
    """The HTTP status, a sentence, what more there is to say, and what is wrong with single fields, by their names."""

    status: int
    text: str
    more: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


def trouble_of(error: PortwayError, link: OpenedLink, form: ConnectForm) -> Trouble | None:
    """None for what nobody at this page can mend, and whoever made the link must."""
    service = link.integration.name
    match error:
        case errors.MalformedRequest() | errors.InvalidParameters():
            return _of_fields(error, form)
        case errors.AccountMismatch():
            return Trouble(409, _another_account(link))
        case errors.RateLimited():
            minutes = math.ceil(error.retry_after_seconds / 60)
            wait = "a minute" if minutes <= 1 else f"{minutes} minutes"
            return Trouble(429, f"You have tried this many times now. Wait {wait} before you try again.")
        case errors.UpstreamError() | errors.UpstreamTimeout() | errors.UpstreamUnreachable():
            return _of_service(error, service)
        case errors.Unavailable():
            return Trouble(503, "This does not work at the moment. Try again in a minute.")
    return None


def _of_service(error: errors.UpstreamFailure, service: str) -> Trouble:
    if isinstance(error, errors.UpstreamError) and error.status_code in _REFUSALS:
        text = f"{service} did not accept what you entered. Check it, and try again."
        words = service_words(error.body)
        return Trouble(422, text, f"{service} says: “{words}”" if words else "")
    return Trouble(502, f"{service} does not answer as it should at the moment. Try again in a few minutes.")


def refused_sign_in(link: OpenedLink, error: str, description: str) -> Trouble:
    """How a sign-in at the service ended, by what came back with the person: the code of an error, and its words."""
    service = link.integration.name
    if error == errors.AccountMismatch.code:
        return Trouble(200, _another_account(link))
    if error == "access_denied":
        return Trouble(200, f"You did not allow it at {service}. If that was not what you wanted, try again.")
    return Trouble(200, f"The sign-in at {service} did not work out. Try again.", _cleaned(description))


def _another_account(link: OpenedLink) -> str:
    account = link.connection.account_name if link.connection is not None else None
    text = f"This is another {link.integration.name} account than before."
    return f"{text} Use {account}, please." if account else f"{text} Use the same one, please."


def service_words(body: JsonValue) -> str:
    """The sentence in an error's body that says what is wrong; empty where there is none."""
    if isinstance(body, list) and body:
        return service_words(body[0])
    if isinstance(body, Mapping):
        for name in _SAYING:
            value = body.get(name)
            if value and (words := service_words(value)):
                return words
        return service_words(body.get("errors"))
    if isinstance(body, str) and "<" not in body:
        return _cleaned(body)
    return ""


def _cleaned(text: str) -> str:
    """On one line, and no longer than somebody reads."""
    shown = "".join(" " if unicodedata.category(char).startswith(("C", "Z")) else char for char in text)
    words = " ".join(shown.split())
    return words if len(words) <= _MAX_WORDS else f"{words[:_MAX_WORDS]}…"


def _of_fields(
    error: errors.MalformedRequest | errors.InvalidParameters, form: ConnectForm
) -> Trouble | None:
    known = {config_pointer(member.name): CONFIG_PREFIX + member.name for member in form.config}
    known |= {f"/credentials/{member.name}": CREDENTIALS_PREFIX + member.name for member in form.credentials}
    fields = {known[fault.pointer]: fault.message for fault in error.faults if fault.pointer in known}
    return Trouble(422, "Please check what is marked below.", fields=fields) if fields else None
