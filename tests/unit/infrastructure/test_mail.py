"""Mail over SMTP, to a server that keeps it."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from portway.application import mails
from portway.application.ports.mail import Mail, MailNotSent
from portway.infrastructure.mail import SmtpMailer, smtp_server

PUBLIC_URL = "https://portway.example"
MAIL = Mail("ann@example.com", "Grüße", "Hello\n.\nThe end — really.\n")


class KeepingServer:
    """As much of RFC 5321 as a client needs that has one message to hand in."""

    def __init__(self, refusing: str = "") -> None:
        self.refusing = refusing
        self.envelope: list[str] = []
        self.logins: list[str] = []
        self.messages: list[EmailMessage] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := (await reader.readline()).decode().strip():
            verb = line.split()[0].upper()
            if verb == self.refusing:
                writer.write(b"550 no\r\n")
            elif verb == "EHLO":
                writer.write(b"250-here\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n")
            elif verb == "AUTH":
                self.logins.append(base64.b64decode(line.split()[2]).decode())
                writer.write(b"235 welcome\r\n")
            elif verb == "DATA":
                writer.write(b"354 go on\r\n")
                content = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                text = content.replace(b"\r\n..", b"\r\n.").replace(b"\r\n", b"\n")
                parsed = message_from_bytes(text, policy=policy.default)
                assert isinstance(parsed, EmailMessage)
                self.messages.append(parsed)
                writer.write(b"250 kept\r\n")
            elif verb == "QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                self.envelope.append(line)
                writer.write(b"250 fine\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def listening(server: KeepingServer) -> AsyncIterator[int]:
    listener = await asyncio.start_server(server, "127.0.0.1")
    async with listener:
        yield listener.sockets[0].getsockname()[1]


async def send(server: KeepingServer, url: str) -> None:
    async with listening(server) as port:
        await SmtpMailer(smtp_server(url.format(port=port), public_url=PUBLIC_URL)).send(MAIL)


async def test_hands_the_message_in() -> None:
    server = KeepingServer()

    await send(server, "smtp://127.0.0.1:{port}")

    (message,) = server.messages
    assert message["To"] == "ann@example.com"
    assert message["From"] == "Portway <portway@portway.example>"
    assert message["Subject"] == "Grüße"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@portway.example>")
    assert message.get_content() == MAIL.text
    assert any("portway@portway.example" in line for line in server.envelope)


async def test_signs_in_on_this_machine_without_tls() -> None:
    server = KeepingServer()

    await send(server, "smtp://us%40er:p%2Fw@127.0.0.1:{port}?from=robot@example.com")

    assert server.logins == ["\0us@er\0p/w"]
    assert server.messages[0]["From"] == "Portway <robot@example.com>"


async def test_demands_tls_where_it_is_told_to() -> None:
    server = KeepingServer()

    with pytest.raises(MailNotSent):
        await send(server, "starttls://user:password@127.0.0.1:{port}")
    assert not server.logins
    assert not server.messages


@pytest.mark.parametrize("refusing", ["MAIL", "RCPT", "DATA", "AUTH"])
async def test_says_when_the_server_refuses_and_not_what_was_sent(refusing: str) -> None:
    with pytest.raises(MailNotSent) as caught:
        await send(KeepingServer(refusing), "smtp://user:the-password@127.0.0.1:{port}")
    assert "the-password" not in str(caught.value)


async def test_says_when_there_is_no_server() -> None:
    async with listening(KeepingServer()) as port:
        pass

    with pytest.raises(MailNotSent):
        await SmtpMailer(smtp_server(f"smtp://127.0.0.1:{port}", public_url=PUBLIC_URL)).send(MAIL)


async def test_an_address_that_is_none_is_not_sent_to() -> None:
    mailer = SmtpMailer(smtp_server("smtp://127.0.0.1:1", public_url=PUBLIC_URL))

    with pytest.raises(MailNotSent):
        await mailer.send(Mail("a@example.com\r\nBcc: b@example.com", "x", "y"))


class TestUrl:
    @pytest.mark.parametrize(
        ("url", "tls", "starttls"),
        [
            ("smtp://mail.example", False, None),
            ("smtp://user:pw@mail.example", False, True),
            ("smtp://user:pw@localhost", False, None),
            ("starttls://mail.example:587", False, True),
            ("smtps://user:pw@mail.example", True, False),
        ],
    )
    def test_says_how_to_be_private(self, url: str, tls: bool, starttls: bool | None) -> None:
        server = smtp_server(url, public_url=PUBLIC_URL)

        assert (server.use_tls, server.start_tls) == (tls, starttls)

    @pytest.mark.parametrize(
        ("url", "public_url", "sender"),
        [
            ("smtp://mail.example", "https://gateway.example:8443/x", "portway@gateway.example"),
            ("smtp://me%40example.com@mail.example", PUBLIC_URL, "me@example.com"),
            ("smtp://me@mail.example", PUBLIC_URL, "portway@portway.example"),
            ("smtp://mail.example?from=a%40b.example", PUBLIC_URL, "a@b.example"),
            ("smtp://mail.example", "http://[::1]:8000", "portway@localhost"),
            ("smtp://mail.example", "http://127.0.0.1:8000", "portway@127.0.0.1"),
        ],
    )
    def test_says_who_sends(self, url: str, public_url: str, sender: str) -> None:
        assert smtp_server(url, public_url=public_url).sender == sender

    @pytest.mark.parametrize(
        "url",
        ["http://mail.example", "smtp://?x", "smtp://mail.example?from=nobody", "smtp://x?from=a@b%0D%0Ac"],
    )
    def test_that_makes_no_sense_is_not_repeated(self, url: str) -> None:
        with pytest.raises(ValueError, match="mail server") as caught:
            smtp_server(url, public_url=PUBLIC_URL)
        assert url not in str(caught.value)

    def test_is_nowhere_in_what_is_logged(self) -> None:
        server = smtp_server("smtp://user:the-password@mail.example", public_url=PUBLIC_URL)

        assert "the-password" not in repr(server)


def test_a_name_that_somebody_chose_stays_a_name() -> None:
    mail = mails.invitation(
        "a@example.com", "https://x", "Evil\n\nYour password expired: https://evil" + "x" * 500
    )

    shown = [line for line in mail.text.splitlines() if "Evil" in line]
    assert shown == ["    " + ("Evil Your password expired: https://evil" + "x" * 500)[:100]]
    assert "Evil" not in mail.subject


def test_tokens_are_not_shown_by_accident() -> None:
    assert "https://secret" not in repr(mails.verification("a@example.com", "https://secret"))
