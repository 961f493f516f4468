"""`reply`: an answer to a message, in its thread, to whom it came from."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote

from portway.application.handlers.action_handler import ActionContext
from portway.application.handlers.json_answer import json_object
from portway.application.handlers.steps import Steps
from portway.application.ports.http import UpstreamResponse
from portway.catalog.gmail.delivery import composed, delivery
from portway.catalog.gmail.email_parameters import Email, Mailbox
from portway.catalog.gmail.get_message import MESSAGES
from portway.catalog.gmail.headers import header_text, mailboxes_in, message_ids_in
from portway.catalog.gmail.message import header_fields
from portway.catalog.gmail.send_email import described_email
from portway.domain.errors import Fault, InvalidParameters
from portway.domain.json_value import JsonObject
from portway.domain.parameter_pointer import parameter_pointer

_HEADERS = (
    "Message-ID",
    "References",
    "In-Reply-To",
    "Subject",
    "From",
    "Reply-To",
    "To",
    "Cc",
    "Delivered-To",
)
_PROFILE = "/gmail/v1/users/me/profile"


async def reply(context: ActionContext, parameters: JsonObject) -> UpstreamResponse:
    """Looks the message `message_id` up, and answers it.

    Raises InvalidParameters where it has nobody who could be answered and `to` names nobody either.
    """
    email = await described_email(parameters, recipients_required=False)
    steps = Steps()
    original = await steps.run("look the message up", _look_up(context, str(parameters["message_id"])))
    fields = header_fields(original)
    if parameters.get("reply_all") is True:
        own = await steps.run("look the own address up", _own_addresses(context, fields))
        email = _to_all(email, fields, own)
    if not email.to:
        email = replace(email, to=_answered(original, fields))
    email = _in_thread(email, fields)
    request = delivery(context, await composed(email), original.get("threadId"))
    return await steps.run("send the reply", context.send(request))


async def _look_up(context: ActionContext, message_id: str) -> JsonObject:
    path = f"{MESSAGES}/{quote(message_id, safe='')}"
    query = {"format": "metadata", "metadataHeaders": _HEADERS}
    return json_object(await context.send(context.request("GET", path, query=query)))


async def _own_addresses(context: ActionContext, fields: dict[str, str]) -> frozenset[str]:
    """Who need not be told: the account, and the address of it that the message came to."""
    profile = json_object(await context.send(context.request("GET", _PROFILE)))
    delivered_to = (mailbox.address for mailbox in mailboxes_in(fields.get("delivered-to", "")))
    return frozenset(address.lower() for address in (str(profile.get("emailAddress")), *delivered_to))


def _answered(original: JsonObject, fields: dict[str, str]) -> tuple[Mailbox, ...]:
    """Who a reply goes to (RFC 5322, section 3.6.2); for a message of one's own, who it went to."""
    labels = original.get("labelIds")
    sent = isinstance(labels, list) and "SENT" in labels
    names = ("to",) if sent else ("reply-to", "from")
    for name in names:
        if found := mailboxes_in(fields.get(name, "")):
            return found
    message = "is a message without a sender who could be answered; give `to`."
    raise InvalidParameters([Fault(parameter_pointer("message_id"), message)])


def _to_all(email: Email, fields: dict[str, str], own: frozenset[str]) -> Email:
    """Everybody else who got the message gets a copy."""
    answered = email.to or mailboxes_in(fields.get("reply-to", "")) or mailboxes_in(fields.get("from", ""))
    told = {mailbox.address.lower() for mailbox in (*answered, *email.cc, *email.bcc)} | own
    others = (*mailboxes_in(fields.get("to", "")), *mailboxes_in(fields.get("cc", "")))
    return replace(email, cc=(*email.cc, *_without(others, told)))


def _without(mailboxes: Iterable[Mailbox], told: set[str]) -> Iterable[Mailbox]:
    for mailbox in mailboxes:
        if mailbox.address.lower() not in told:
            told.add(mailbox.address.lower())
            yield mailbox


def _in_thread(email: Email, fields: dict[str, str]) -> Email:
    """Subject, In-Reply-To and References (RFC 5322, section 3.6.4). Gmail wants all of them for its threads."""
    subject = header_text(fields.get("subject", ""))
    answered = message_ids_in(fields.get("message-id", ""))[:1]
    before = message_ids_in(fields.get("references", "")) or message_ids_in(fields.get("in-reply-to", ""))
    return replace(
        email,
        subject=subject if subject.lower().startswith("re:") else f"Re: {subject}".strip(),
        in_reply_to=answered[0] if answered else None,
        references=(*before, *answered),
    )
