"""A message as Gmail tells it (`users.messages.get` with `format=full`), in a form that is easy to use."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message as Headers

from portway.application.requests.base64_content import decode_base64
from portway.catalog.gmail.headers import header_text, mailboxes_in, message_ids_in
from portway.domain.errors import InvalidParameters, UpstreamInvalidResponse
from portway.domain.json_value import JsonObject, JsonValue

# Gmail gives text in UTF-8 for the most part, whatever its header says. These look like UTF-8 and are not.
_LOOK_LIKE_UTF_8 = ("iso-2022-", "hz", "utf-7", "utf-16", "utf-32")


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of a message's tree. Without `content` it has to be fetched by its `attachment_id`."""

    content_type: str
    filename: str
    charset: str
    disposition: str
    content_id: str | None
    size: int
    attachment_id: str | None
    content: bytes | None = field(repr=False)

    @property
    def is_body(self) -> bool:
        """Whether it is a text to read, and no file."""
        return self.content_type in ("text/plain", "text/html") and not (
            self.filename or self.disposition == "attachment"
        )


def parts_of(message: JsonObject) -> list[Part]:
    """The leaves, in order. An attached message is one. Raises UpstreamInvalidResponse."""
    return [_part(leaf) for leaf in _leaves(message.get("payload"))]


def decode_text(content: bytes, charset: str) -> str:
    """The text; what cannot be decoded is replaced."""
    wanted = (charset, "utf-8") if charset.startswith(_LOOK_LIKE_UTF_8) else ("utf-8", charset)
    for name in wanted:
        try:
            return content.decode(name)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return content.decode("latin-1")


def described(message: JsonObject) -> dict[str, JsonValue]:
    """What the message and its headers say, without its content."""
    fields = header_fields(message)
    described: dict[str, JsonValue] = {
        "id": message.get("id"),
        "thread_id": message.get("threadId"),
        "label_ids": message.get("labelIds", []),
        "snippet": message.get("snippet", ""),
        "date": _date(message.get("internalDate")),
        "size": message.get("sizeEstimate"),
        "subject": header_text(fields.get("subject", "")),
        "message_id": next(iter(message_ids_in(fields.get("message-id", ""))), None),
        "in_reply_to": next(iter(message_ids_in(fields.get("in-reply-to", ""))), None),
        "references": list(message_ids_in(fields.get("references", ""))),
        "headers": [
            {"name": name, "value": header_text(value)} for name, value in _fields(message.get("payload"))
        ],
    }
    for name in ("from", "to", "cc", "bcc", "reply-to"):
        described[name.replace("-", "_")] = [
            {"name": mailbox.name, "address": mailbox.address}
            for mailbox in mailboxes_in(fields.get(name, ""))
        ]
    return described


def header_fields(message: JsonObject) -> dict[str, str]:
    """The message's header fields by name in lower case, as they came; of several of one name the first."""
    fields: dict[str, str] = {}
    for name, value in _fields(message.get("payload")):
        fields.setdefault(name.lower(), value)
    return fields


def _fields(part: JsonValue) -> Iterator[tuple[str, str]]:
    headers = part.get("headers") if isinstance(part, dict) else None
    for header in headers if isinstance(headers, list) else ():
        if isinstance(header, dict):
            yield str(header.get("name", "")), str(header.get("value", ""))


def _leaves(part: JsonValue) -> Iterator[dict[str, JsonValue]]:
    if not isinstance(part, dict):
        return
    inner = part.get("parts")
    if str(part.get("mimeType")).startswith("multipart/") and isinstance(inner, list):
        for one in inner:
            yield from _leaves(one)
    else:
        yield part


def _part(leaf: dict[str, JsonValue]) -> Part:
    headers = Headers()
    for name, value in _fields(leaf):
        if name.lower() in ("content-type", "content-disposition", "content-id"):
            headers[name] = header_text(value)
    body = leaf.get("body")
    body = body if isinstance(body, dict) else {}
    attachment_id, size = body.get("attachmentId"), body.get("size")
    return Part(
        content_type=str(leaf.get("mimeType") or "application/octet-stream").lower(),
        filename=header_text(str(leaf.get("filename") or "")),
        charset=headers.get_content_charset() or "utf-8",
        disposition=headers.get_content_disposition() or "",
        content_id=next((one[1:-1] for one in message_ids_in(str(headers.get("content-id", "")))), None),
        size=size if isinstance(size, int) else 0,
        attachment_id=attachment_id if isinstance(attachment_id, str) else None,
        content=None if isinstance(attachment_id, str) else decoded_data(body.get("data") or ""),
    )


def decoded_data(data: JsonValue) -> bytes:
    """Gmail's base64url. Raises UpstreamInvalidResponse."""
    try:
        return decode_base64(data, "")
    except InvalidParameters:
        raise UpstreamInvalidResponse("Gmail's answer has a content that is no base64.") from None


def _date(internal_date: JsonValue) -> str | None:
    """Milliseconds since 1970, in a text."""
    try:
        return datetime.fromtimestamp(int(str(internal_date)) / 1000, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return None
