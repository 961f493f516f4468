"""A real mail server on loopback (aiosmtpd), with a certificate that nobody knows unless they are told."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USERNAME = "ada@example.com"
PASSWORD = "correct-horse"


@dataclass
class Mailbox:
    """What a server took. `refused` says what it answers for a recipient, or after DATA."""

    refused: dict[str, str] = field(default_factory=dict)
    envelopes: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)

    def message(self) -> EmailMessage:
        """The only one."""
        (envelope,) = self.envelopes
        assert isinstance(envelope.content, bytes)
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if "DATA" in self.refused:
            return self.refused["DATA"]
        self.envelopes.append(envelope)
        assert server.transport is not None
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return "250 kept as 42"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: object
    ) -> AuthResult:
        assert isinstance(login, LoginPassword)
        self.logins.append(login.password)
        good = (login.login, login.password) == (USERNAME.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)


@asynccontextmanager
async def mail_server(
    mailbox: Mailbox, tls: ssl.SSLContext, *, security: str = "starttls"
) -> AsyncIterator[int]:
    """Listens on 127.0.0.1 as `security` says; yields the port."""
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(
            mailbox,
            loop=loop,
            hostname="mail.example",
            enable_SMTPUTF8=True,
            tls_context=tls if security == "starttls" else None,
            require_starttls=security == "starttls",
            auth_required=security == "starttls",
            auth_require_tls=security == "starttls",
            authenticator=mailbox.authenticate,
        )

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls if security == "tls" else None)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def certificate(directory: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for `localhost` that signs itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file, key_file = directory / "certificate.pem", directory / "key.pem"
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, key_file)
    return file, context
