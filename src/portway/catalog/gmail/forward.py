"""`forward`: a message with its text quoted and its files as they came."""

import asyncio
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from html import escape
from mimetypes import guess_extension
from urllib.parse import quote

from portway.application.handlers.action_handler import ActionContext
from portway.application.handlers.json_answer import json_object
from portway.application.handlers.steps import Steps
from portway.application.ports.http import UpstreamResponse
from portway.catalog.gmail.delivery import composed, delivery
from portway.catalog.gmail.email_parameters import Attachment, Email, read_content_type
from portway.catalog.gmail.get_message import MESSAGES, fetch
from portway.catalog.gmail.headers import header_text, message_ids_in
from portway.catalog.gmail.message import decode_text, decoded_data
from portway.catalog.gmail.send_email import described_email
from portway.domain.errors import InvalidParameters
from portway.domain.json_value import JsonObject

_CRLF = compat32.clone(linesep="\r\n")
_TITLE = "---------- Forwarded message ---------"
_QUOTED = ("From", "Date", "Subject", "To", "Cc")


async def forward(context: ActionContext, parameters: JsonObject) -> UpstreamResponse:
    """Looks the message `message_id` up, and sends it on. Raises InvalidParameters as `send_email` does."""
    email = await described_email(parameters)
    steps = Steps()
    raw = await steps.run("look the message up", _look_up(context, str(parameters["message_id"])))
    # A large message would hold up everybody else's calls.
    email = await asyncio.to_thread(_forwarded, email, raw)
    request = delivery(context, await composed(email))
    return await steps.run("send it on", context.send(request))


async def _look_up(context: ActionContext, message_id: str) -> bytes:
    """The message as it came."""
    path = f"{MESSAGES}/{quote(message_id, safe='')}"
    answer = json_object(await fetch(context, context.request("GET", path, query={"format": "raw"})))
    return await asyncio.to_thread(decoded_data, answer.get("raw"))


@dataclass(frozen=True, slots=True)
class _Original:
    """What a message consists of."""

    fields: dict[str, str]
    text: str | None
    html: str | None
    attachments: tuple[Attachment, ...]


def _forwarded(email: Email, raw: bytes) -> Email:
    original = _read(raw)
    subject = original.fields.get("Subject", "")
    is_marked = subject.lower().startswith(("fwd:", "fw:"))
    text, html = _text(email, original), _html(email, original)
    files = (*original.attachments, *email.attachments)
    return replace(
        email,
        subject=email.subject or (subject if is_marked else f"Fwd: {subject}".strip()),
        text=text,
        html=html,
        attachments=tuple(_placed(file, html) for file in files),
    )


def _text(email: Email, original: _Original) -> str | None:
    """Nothing where the original is HTML alone: half of the message would be missing."""
    if original.text is None and original.html is not None:
        return None
    head = "\n".join([_TITLE, *(f"{name}: {value}" for name, value in original.fields.items())])
    return f"{email.text or ''}\n\n{head}\n\n{original.text or ''}".lstrip("\n")


def _html(email: Email, original: _Original) -> str | None:
    if email.html is None and original.html is None:
        return None
    own = email.html if email.html is not None else _as_html(email.text or "")
    quoted = original.html if original.html is not None else _as_html(original.text or "")
    head = "<br>".join([_TITLE, *(f"{name}: {escape(value)}" for name, value in original.fields.items())])
    return f'{own}<br><br><div class="gmail_quote"><div dir="ltr">{head}</div><br><br>{quoted}</div>'


def _as_html(text: str) -> str:
    return f'<div style="white-space: pre-wrap">{escape(text)}</div>' if text else ""


def _placed(file: Attachment, html: str | None) -> Attachment:
    """An inline file that the HTML does not show becomes an attachment like others."""
    shown = file.content_id is not None and html is not None and f"cid:{file.content_id[1:-1]}" in html
    return file if shown else replace(file, content_id=None)


def _read(raw: bytes) -> _Original:
    message = message_from_bytes(raw)
    leaves = _leaves(message)
    text, html = (_body(leaves, kind) for kind in ("text/plain", "text/html"))
    return _Original(
        fields={name: value for name in _QUOTED if (value := _field(message, name))},
        text=None if text is None else _decoded(text),
        html=None if html is None else _decoded(html),
        attachments=tuple(_file(leaf) for leaf in leaves if leaf is not text and leaf is not html),
    )


def _leaves(part: Message) -> list[Message]:
    """The parts that are no multipart; an attached message is one."""
    inner = part.get_payload()
    if part.get_content_maintype() != "multipart" or not isinstance(inner, list):
        return [part]
    return [leaf for one in inner if isinstance(one, Message) for leaf in _leaves(one)]


def _field(part: Message, name: str) -> str:
    """In Unicode; a byte that no header may have is taken for one of UTF-8."""
    value = next((str(value) for key, value in part.raw_items() if key.lower() == name.lower()), "")
    return header_text(value.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _body(leaves: list[Message], kind: str) -> Message | None:
    for leaf in leaves:
        is_file = leaf.get_filename() or leaf.get_content_disposition() == "attachment"
        if leaf.get_content_type() == kind and not is_file:
            return leaf
    return None


def _decoded(part: Message) -> str:
    return decode_text(_content(part), part.get_content_charset() or "utf-8")


def _content(part: Message) -> bytes:
    inner = part.get_payload()
    if isinstance(inner, list):
        return b"\r\n".join(one.as_bytes(policy=_CRLF) for one in inner if isinstance(one, Message))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _file(part: Message) -> Attachment:
    kind = part.get_content_type()
    filename = header_text(part.get_filename() or "") or f"attachment{guess_extension(kind) or ''}"
    try:
        content_type = read_content_type(kind, filename, "")
    except InvalidParameters:
        content_type = ("application", "octet-stream")
    ids = message_ids_in(_field(part, "Content-ID"))
    return Attachment(filename, content_type, _content(part), ids[0] if ids else None)
