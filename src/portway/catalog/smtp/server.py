"""Which server, and as whom: all of it is in the credential, so only the connection's owner can say where it goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from portway.domain.errors import ReauthorizationRequired

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """`starttls` is demanded, not tried (RFC 3207); `tls` is TLS from the start (RFC 8314)."""

    host: str
    port: int
    security: Security
    username: str
    password: str = field(repr=False)


def read_server(credential: Mapping[str, str]) -> MailServer:
    """Raises ReauthorizationRequired for a credential that names no server: its owner has to connect anew."""
    port, security = credential.get("port", ""), credential.get("security", "")
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise _unusable("port", "a number such as 587")
    for known in get_args(Security):
        if security == known:
            return MailServer(
                host=_member(credential, "host"),
                port=int(port),
                security=known,
                username=_member(credential, "username"),
                password=_member(credential, "password"),
            )
    raise _unusable("security", "`starttls`, `tls` or `none`")


def _member(credential: Mapping[str, str], name: str) -> str:
    if not credential.get(name):
        raise _unusable(name, "a text that is not empty")
    return credential[name]


def _unusable(name: str, wanted: str) -> ReauthorizationRequired:
    return ReauthorizationRequired(f"The connection's `{name}` must be {wanted}; give it new credentials.")
