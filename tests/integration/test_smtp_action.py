"""SMTP's `send-email`, handed in to a real server over a guarded socket."""

import asyncio
import base64
import re
import socket
import ssl
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from portway.application.handlers.action_handler import Answer
from portway.catalog.definitions import SHIPPED, load_definitions
from portway.catalog.handlers import handlers
from portway.catalog.smtp import send_email as module
from portway.domain.errors import (
    EgressBlocked,
    InvalidParameters,
    PortwayError,
    ReauthorizationRequired,
    UpstreamError,
    UpstreamInvalidResponse,
    UpstreamUnreachable,
)
from portway.domain.json_value import JsonObject, JsonValue
from portway.infrastructure.http.egress_guard import EgressGuard
from portway.infrastructure.sockets import GuardedSockets
from tests.fakes.action_context import RecordingContext
from tests.integration.mail_servers import PASSWORD, USERNAME, Mailbox, certificate, mail_server

LOOPBACK = [ip_network("127.0.0.0/8")]
MAIL: JsonObject = {"to": ["Grace <grace@example.com>"], "subject": "Grüße", "text": "Hello\n.\nThe end\n"}


class ConnectingContext(RecordingContext):
    """A context with a network, as the gateway's."""

    sockets: GuardedSockets

    async def connect(self, host: str, port: int) -> socket.socket:
        return await self.sockets.connect(host, port, timeout_seconds=10)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ssl.SSLContext]:
    """The server's context; its certificate is trusted as the machine's own authorities are."""
    file, context = certificate(tmp_path_factory.mktemp("tls"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        module._tls.cache_clear()
        yield context
    module._tls.cache_clear()


@pytest_asyncio.fixture
async def context() -> ConnectingContext:
    definition = load_definitions(SHIPPED / "smtp")[0]
    made = ConnectingContext(
        definition.integration(UUID(int=1)), definition.actions[0].action(UUID(int=2), UUID(int=1))
    )
    made.sockets = GuardedSockets(EgressGuard(LOOPBACK))
    return made


async def send(
    context: ConnectingContext,
    port_number: int,
    parameters: JsonObject = MAIL,
    /,
    **credential: str,
) -> JsonObject:
    context.credential = {
        "host": "localhost",
        "port": str(port_number),
        "security": "starttls",
        "username": USERNAME,
        "password": PASSWORD,
        **credential,
    }
    try:
        answer = await handlers().get("smtp.send_email")(context, parameters)
    finally:
        await context.sockets.close()
    assert isinstance(answer, Answer)
    assert isinstance(answer.data, dict)
    return answer.data


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
async def test_hands_the_message_in(context: ConnectingContext, tls: ssl.SSLContext, security: str) -> None:
    mailbox = Mailbox()
    async with mail_server(mailbox, tls, security=security) as port:
        data = await send(context, port, {**MAIL, "bcc": ["secret@example.com"]}, security=security)

    message = mailbox.message()
    assert data == {
        "message_id": message["Message-ID"],
        "accepted": ["grace@example.com", "secret@example.com"],
        "rejected": [],
        "response": "kept as 42",
    }
    assert mailbox.encrypted == [security != "none"]
    assert mailbox.envelopes[0].mail_from == USERNAME
    assert mailbox.envelopes[0].rcpt_tos == ["grace@example.com", "secret@example.com"]
    assert (message["From"], message["To"]) == (USERNAME, "Grace <grace@example.com>")
    assert message["Subject"] == "Grüße"
    assert message["Bcc"] is None
    assert message["Date"].datetime is not None
    assert re.fullmatch(r"<[^@\s]+@example\.com>", message["Message-ID"])
    assert message.get_content().replace("\r\n", "\n") == "Hello\n.\nThe end\n"


async def test_attachments_arrive_whole(context: ConnectingContext, tls: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    content = bytes(range(256)) * 2000
    attachment: JsonValue = {"filename": "a.bin", "content_base64": base64.b64encode(content).decode()}
    async with mail_server(mailbox, tls) as port:
        await send(context, port, {**MAIL, "attachments": [attachment]})

    (part,) = mailbox.message().iter_attachments()
    assert part.get_payload(decode=True) == content


async def test_says_which_recipients_were_refused(context: ConnectingContext, tls: ssl.SSLContext) -> None:
    mailbox = Mailbox(refused={"gone@example.com": "550 5.1.1 no such user"})
    async with mail_server(mailbox, tls) as port:
        data = await send(context, port, {**MAIL, "cc": ["gone@example.com"]})

    assert data["accepted"] == ["grace@example.com"]
    assert data["rejected"] == [{"address": "gone@example.com", "code": 550, "message": "5.1.1 no such user"}]
    assert mailbox.envelopes[0].rcpt_tos == ["grace@example.com"]


async def test_an_address_in_another_script(context: ConnectingContext, tls: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    async with mail_server(mailbox, tls) as port:
        await send(context, port, {"to": "用户@example.com", "text": "x"})

    assert mailbox.envelopes[0].rcpt_tos == ["用户@example.com"]
    assert mailbox.envelopes[0].smtp_utf8


@pytest.mark.parametrize(
    ("refused", "status", "body"),
    [
        (
            {"grace@example.com": "550 5.1.1 no such user"},
            422,
            {"recipients": [{"address": "grace@example.com", "code": 550, "message": "5.1.1 no such user"}]},
        ),
        (
            {"grace@example.com": "451 4.7.1 greylisted"},
            503,
            {"recipients": [{"address": "grace@example.com", "code": 451, "message": "4.7.1 greylisted"}]},
        ),
        ({"DATA": "554 5.7.1 looks like spam"}, 422, {"code": 554, "message": "5.7.1 looks like spam"}),
        ({"DATA": "452 4.3.1 disk full"}, 503, {"code": 452, "message": "4.3.1 disk full"}),
    ],
)
async def test_a_refusal_in_the_servers_own_words(
    context: ConnectingContext,
    tls: ssl.SSLContext,
    refused: dict[str, str],
    status: int,
    body: JsonValue,
) -> None:
    async with mail_server(Mailbox(refused=refused), tls) as port:
        with pytest.raises(UpstreamError) as caught:
            await send(context, port)

    assert (caught.value.status_code, caught.value.body) == (status, body)
    assert ("try again later" in caught.value.detail) == (status == 503)


async def test_a_wrong_password(context: ConnectingContext, tls: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    async with mail_server(mailbox, tls) as port:
        with pytest.raises(UpstreamError) as caught:
            await send(context, port, password="battery-staple")

    assert caught.value.status_code == 401
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["code"] == 535
    assert not mailbox.envelopes
    assert "battery-staple" not in repr(caught.value.__context__)


class TestNoPasswordWithoutTls:
    async def test_a_server_without_starttls_gets_none(
        self, context: ConnectingContext, tls: ssl.SSLContext
    ) -> None:
        mailbox = Mailbox()
        async with mail_server(mailbox, tls, security="none") as port:
            with pytest.raises(UpstreamUnreachable, match="STARTTLS"):
                await send(context, port)
        assert mailbox.logins == []

    @pytest.mark.parametrize("security", ["starttls", "tls"])
    async def test_nor_one_whose_certificate_is_not_trusted(
        self,
        context: ConnectingContext,
        tmp_path: Path,
        tls: ssl.SSLContext,
        security: str,
    ) -> None:
        mailbox = Mailbox()
        _, unknown = certificate(tmp_path)
        async with mail_server(mailbox, unknown, security=security) as port:
            with pytest.raises(UpstreamUnreachable, match="certificate of localhost is not trusted"):
                await send(context, port, security=security)
        assert mailbox.logins == []

    async def test_nor_one_with_another_name(self, context: ConnectingContext, tls: ssl.SSLContext) -> None:
        async with mail_server(Mailbox(), tls) as port:
            with pytest.raises(UpstreamUnreachable, match="not trusted"):
                await send(context, port, host="127.0.0.1")


class TestConnecting:
    async def test_only_where_the_guard_lets_it(self, context: ConnectingContext) -> None:
        context.sockets = GuardedSockets(EgressGuard())
        with pytest.raises(EgressBlocked):
            await send(context, 25)

    async def test_nobody_listens(self, context: ConnectingContext) -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        with pytest.raises(UpstreamUnreachable, match="No connection to localhost"):
            await send(context, port)

    async def test_not_smtp(self, context: ConnectingContext) -> None:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            with pytest.raises(PortwayError) as caught:
                await send(context, server.sockets[0].getsockname()[1])
        assert isinstance(caught.value, UpstreamInvalidResponse | UpstreamError)

    async def test_a_server_that_says_nothing_does_not_hold_the_execution_for_ever(
        self, context: ConnectingContext
    ) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await send(context, server.sockets[0].getsockname()[1])


class TestTheCredential:
    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("port", "smtp"),
            ("port", "0"),
            ("port", "65536"),
            ("port", "²"),
            ("security", "ssl"),
            ("host", ""),
        ],
    )
    async def test_that_names_no_server(self, context: ConnectingContext, member: str, value: str) -> None:
        with pytest.raises(ReauthorizationRequired, match=f"`{member}`"):
            await send(context, 25, **{member: value})

    @pytest.mark.parametrize("username", ["ada", "ada@example.com>\r\nRSET", "@"])
    async def test_whose_user_is_no_address_needs_a_sender(
        self, context: ConnectingContext, username: str
    ) -> None:
        with pytest.raises(InvalidParameters) as caught:
            await send(context, 25, username=username)
        assert [fault.pointer for fault in caught.value.faults] == ["/parameters/from"]
