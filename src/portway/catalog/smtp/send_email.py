"""`send-email` over SMTP: the same message as Gmail's, handed in to the connection's own server."""

import asyncio
import socket
import ssl
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime, make_msgid
from functools import cache
from ipaddress import ip_address

import aiosmtplib

from portway.application.handlers.action_handler import ActionContext, Answer
from portway.catalog.gmail.email_parameters import Email, read_email
from portway.catalog.gmail.mime import compose
from portway.catalog.smtp.failures import FAILURES, failure_of, reply
from portway.catalog.smtp.server import MailServer, read_server
from portway.domain.errors import Fault, InvalidParameters, ReauthorizationRequired
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.parameter_pointer import parameter_pointer

_QUIT_SECONDS = 2.0


async def send_email(context: ActionContext, parameters: JsonObject) -> Answer:
    """Hands the message in. Succeeds where the server took it for at least one recipient, and says for which.

    Raises InvalidParameters for addresses and files that cannot be sent as they are, ReauthorizationRequired for a
    connection that names no usable server, UpstreamError with the server's own words, and what connecting raises.
    """
    server = read_server(context.credential)
    # Large attachments take a while, which would hold up everybody else's calls.
    email = await asyncio.to_thread(read_email, _with_sender(parameters, server))
    sender = email.sender.address if email.sender else ""
    message_id, message = await asyncio.to_thread(_message, email, sender)
    recipients = list(dict.fromkeys(mailbox.address for mailbox in (*email.to, *email.cc, *email.bcc)))
    client = _client(server, sender)
    connection = await context.connect(server.host, server.port)
    _check_security(connection, server)
    try:
        refused, response = await _hand_in(client, connection, sender, recipients, message)
    except FAILURES as error:
        failure = failure_of(error, server.host)
    else:
        return _answer(message_id, recipients, refused, response)
    # Outside of the handler, so that what aiosmtplib knows is not its context.
    raise failure


def _with_sender(parameters: JsonObject, server: MailServer) -> JsonObject:
    """`from` is the user name by default, where that is an address."""
    if parameters.get("from") is not None:
        return parameters
    if "@" not in server.username:
        message = "is required, since the connection's user name is no address."
        raise InvalidParameters([Fault(parameter_pointer("from"), message)])
    return {**parameters, "from": server.username}


def _message(email: Email, sender: str) -> tuple[str, bytes]:
    """The Message-ID, and the message; who gets a blind copy is in the envelope alone."""
    message_id = make_msgid(domain=_domain(sender))
    head = f"Date: {format_datetime(datetime.now(UTC))}\r\nMessage-ID: {message_id}\r\n"
    return message_id, head.encode("ascii") + compose(replace(email, bcc=()))


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _check_security(connection: socket.socket, server: MailServer) -> None:
    """A password is sent without TLS only within the networks that the operator has opened."""
    if server.security == "none" and ip_address(connection.getpeername()[0]).is_global:
        connection.close()
        raise ReauthorizationRequired(
            "The connection's `security` is `none`, which would send the password over the internet as it is; "
            "give it new credentials with `starttls` or `tls`."
        )


async def _hand_in(
    client: aiosmtplib.SMTP, connection: socket.socket, sender: str, recipients: list[str], message: bytes
) -> tuple[dict[str, aiosmtplib.SMTPResponse], str]:
    in_ascii = all(map(str.isascii, (sender, *recipients)))
    try:
        await client.connect(sock=connection)
        result = await client.sendmail(
            sender, recipients, message, mail_options=[] if in_ascii else ["SMTPUTF8"]
        )
        with suppress(*FAILURES):  # the message is handed in; parting well is a courtesy
            await client.quit(timeout=_QUIT_SECONDS)
    finally:
        client.close()
    return result


def _client(server: MailServer, sender: str) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=server.host,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        tls_context=_tls(),
        username=server.username,
        password=server.password,
        # Asking the system for the machine's full name may block on DNS.
        local_hostname=_domain(sender),
        # The execution's own limit holds for all of it.
        timeout=None,
    )


@cache
def _tls() -> ssl.SSLContext:
    """Loading the authorities' certificates takes milliseconds, so it is done once."""
    return ssl.create_default_context()


def _answer(
    message_id: str, recipients: list[str], refused: dict[str, aiosmtplib.SMTPResponse], response: str
) -> Answer:
    rejected: list[JsonValue] = [
        {"address": address, **reply(*answer)} for address, answer in refused.items()
    ]
    accepted: list[JsonValue] = [address for address in recipients if address not in refused]
    return Answer(
        {"message_id": message_id, "accepted": accepted, "rejected": rejected, "response": response}
    )
