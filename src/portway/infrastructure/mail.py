"""Mail over SMTP."""

import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from portway.application.ports.clock import Clock, system_clock
from portway.application.ports.mail import Mail, MailNotSent

_TIMEOUT_SECONDS = 20.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SCHEMES = ("smtp", "smtps", "starttls")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed in. `start_tls` None means: if the server offers it."""

    hostname: str
    port: int | None
    use_tls: bool
    start_tls: bool | None
    username: str | None
    password: str | None = field(repr=False)
    sender: str


class SmtpMailer:
    """Sends each message over a connection of its own; there are few. `tls` is for servers with a private CA."""

    def __init__(
        self, server: SmtpServer, *, tls: ssl.SSLContext | None = None, clock: Clock = system_clock
    ) -> None:
        self._server = server
        self._tls = tls
        self._clock = clock

    async def send(self, mail: Mail) -> None:
        """See the port."""
        server = self._server
        try:
            await aiosmtplib.send(
                self._message(mail),
                hostname=server.hostname,
                port=server.port,
                username=server.username,
                password=server.password,
                use_tls=server.use_tls,
                start_tls=server.start_tls,
                tls_context=self._tls,
                # Asking the system for the machine's full name may block on DNS.
                local_hostname=server.sender.rpartition("@")[2],
                timeout=_TIMEOUT_SECONDS,
            )
        except (aiosmtplib.SMTPException, MessageError, OSError, ValueError) as error:
            raise MailNotSent(f"the mail server did not take the message: {type(error).__name__}") from error

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = Address("Portway", addr_spec=self._server.sender)
        message["To"] = Address(addr_spec=mail.to)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(self._clock())
        message["Message-ID"] = make_msgid(domain=self._server.sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notices, please
        message.set_content(mail.text)
        return message


def smtp_server(url: str, *, public_url: str) -> SmtpServer:
    """The server of `smtp://`, `smtps://` (TLS from the start) or `starttls://` user:password@host:port?from=address.

    Without `from`, the user name is the sender if it is an address, else portway@ the host of `public_url`. A
    password is sent over TLS only, except to this machine itself. Raises ValueError, without the URL in it.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in _SCHEMES or not host:
        raise ValueError("the mail server's URL must be smtp://, smtps:// or starttls:// with a host")
    username = unquote(parts.username) if parts.username else None
    demands_tls = parts.scheme == "starttls" or (username is not None and host not in _LOOPBACK)
    return SmtpServer(
        hostname=host,
        port=parts.port,
        use_tls=parts.scheme == "smtps",
        start_tls=False if parts.scheme == "smtps" else True if demands_tls else None,
        username=username,
        password=unquote(parts.password) if parts.password else None,
        sender=_sender(parse_qs(parts.query).get("from", [""])[0], username, public_url),
    )


def _sender(wanted: str, username: str | None, public_url: str) -> str:
    host = urlsplit(public_url).hostname or ""
    if not host or ":" in host:
        host = "localhost"
    sender = wanted or (username if username and "@" in username else f"portway@{host}")
    try:
        return Address(addr_spec=sender).addr_spec
    except (MessageError, ValueError) as error:
        raise ValueError("`from` in the mail server's URL is not an address") from error
