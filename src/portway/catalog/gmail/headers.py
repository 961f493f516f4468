"""The header fields of mail that came from outside: of any quality, so nothing here raises."""

import re
from email.headerregistry import HeaderRegistry

from portway.catalog.gmail.email_parameters import Mailbox, read_mailbox
from portway.domain.errors import InvalidParameters

_FOLD = re.compile(r"\r?\n[ \t]*|\r")
_UNPRINTABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_registry = HeaderRegistry()


def header_text(value: str) -> str:
    """The field's value in one line, its encoded words (RFC 2047) decoded."""
    return _printable(str(_parsed("Subject", value)))


def mailboxes_in(value: str) -> tuple[Mailbox, ...]:
    """The mailboxes of an address field that a message can be sent to; groups give their members."""
    found: list[Mailbox] = []
    for address in getattr(_parsed("To", value), "addresses", ()):
        try:
            mailbox = read_mailbox(address.addr_spec, "")
        except InvalidParameters:
            continue
        found.append(Mailbox(_printable(address.display_name), mailbox.address))
    return tuple(found)


def message_ids_in(value: str) -> tuple[str, ...]:
    """The message ids in Message-ID, In-Reply-To or References, with their angle brackets."""
    return tuple(_MESSAGE_ID.findall(_FOLD.sub(" ", value)))


def _parsed(name: str, value: str) -> object:
    unfolded = _FOLD.sub(" ", value)
    try:
        return _registry(name, unfolded)
    except Exception:  # noqa: BLE001  its parser raises all kinds of errors on what people send
        return unfolded


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("", text).strip()
