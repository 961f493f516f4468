"""The header fields of mail that came from outside: of any quality, so nothing here raises."""

import re
from email.headerregistry import HeaderRegistry
from email.utils import getaddresses

from portway.catalog.gmail.email_parameters import Mailbox, read_mailbox
from portway.domain.errors import InvalidParameters

_FOLD = re.compile(r"\r?\n[ \t]*|\r")
_UNPRINTABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_registry = HeaderRegistry()


def header_text(value: str) -> str:
    """The field's value in one line, its encoded words (RFC 2047) decoded."""
    unfolded = _FOLD.sub(" ", value)
    try:
        return _printable(str(_registry("Subject", unfolded)))
    except Exception:  # noqa: BLE001  the library's parser raises all kinds of errors on what people send
        return _printable(unfolded)


def mailboxes_in(value: str) -> tuple[Mailbox, ...]:
    """The mailboxes of an address field that a message can be sent to; groups give their members."""
    found: list[Mailbox] = []
    for name, address in _addresses(_FOLD.sub(" ", value)):
        try:
            mailbox = read_mailbox(address, "")
        except InvalidParameters:
            continue
        found.append(Mailbox(_printable(name), mailbox.address))
    return tuple(found)


def message_ids_in(value: str) -> tuple[str, ...]:
    """The message ids in Message-ID, In-Reply-To or References, with their angle brackets."""
    return tuple(_MESSAGE_ID.findall(_FOLD.sub(" ", value)))


def _addresses(value: str) -> list[tuple[str, str]]:
    """Names and addresses; by the older of the library's parsers where the newer raises errors."""
    try:
        addresses = getattr(_registry("To", value), "addresses", ())
        return [(address.display_name, address.addr_spec) for address in addresses]
    except Exception:  # noqa: BLE001  as above
        return [(header_text(name), address) for name, address in getaddresses([value])]


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("", text).strip()
