"""The parameters of `send-email`, checked for all that a JSON Schema cannot say."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from email_validator import EmailNotValidError, validate_email

from portway.application.handlers.base64_content import decode_base64
from portway.application.handlers.media_type import UNKNOWN, media_type
from portway.application.parameter_pointer import parameter_pointer
from portway.domain.errors import Fault, InvalidParameters
from portway.domain.json_value import JsonObject, JsonValue

T = TypeVar("T")

_NAME_AND_ADDRESS = re.compile(r"(.*?)\s*<([^<>]*)>", re.DOTALL)
# Whatever Python, a mail server or a mail reader could take for the end of a header line.
_NOT_IN_A_HEADER = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MESSAGE_ID = re.compile(r"[!-;=?-~]+")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address (RFC 5322, section 3.4), its domain in ASCII; `name` is empty where there is none."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file. With a `content_id` it is shown within the HTML (`<img src="cid:...">`)."""

    filename: str
    content_type: tuple[str, str]
    content: bytes
    content_id: str | None


@dataclass(frozen=True, slots=True)
class Email:
    """A message to compose. `in_reply_to` and `references` are message ids in angle brackets."""

    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    sender: Mailbox | None
    subject: str
    text: str | None
    html: str | None
    attachments: tuple[Attachment, ...]
    in_reply_to: str | None
    references: tuple[str, ...]


def read_email(parameters: JsonObject) -> Email:
    """Raises InvalidParameters with all faults that there are."""
    return _Reader(parameters).email()


class _Reader:
    """Reads member by member and remembers what was wrong."""

    def __init__(self, parameters: JsonObject) -> None:
        self._parameters = parameters
        self._faults: list[Fault] = []

    def email(self) -> Email:
        sender = self._each("from", _mailbox)
        in_reply_to = self._each("in_reply_to", _message_id)
        references = self._each("references", _message_id)
        email = Email(
            to=self._each("to", _mailbox),
            cc=self._each("cc", _mailbox),
            bcc=self._each("bcc", _mailbox),
            reply_to=self._each("reply_to", _mailbox),
            sender=sender[0] if sender else None,
            subject=self._text("subject", in_header=True) or "",
            text=self._text("text"),
            html=self._text("html"),
            attachments=self._each("attachments", _attachment),
            in_reply_to=in_reply_to[0] if in_reply_to else None,
            references=references or in_reply_to,
        )
        self._check(email)
        if self._faults:
            raise InvalidParameters(self._faults)
        return email

    def _check(self, email: Email) -> None:
        pointers = {fault.pointer.split("/")[2] for fault in self._faults}
        if not (email.to or email.cc or email.bcc) and not pointers & {"to", "cc", "bcc"}:
            self._fault("is required; give at least one recipient.", "to")
        if email.html is None and any(attachment.content_id for attachment in email.attachments):
            self._fault("is required, since an attachment with a `content_id` is shown within it.", "html")

    def _fault(self, message: str, *path: str | int) -> None:
        self._faults.append(Fault(parameter_pointer(*path), message))

    def _text(self, name: str, *, in_header: bool = False) -> str | None:
        value = self._parameters.get(name)
        if value is None:
            return None
        try:
            return (
                _line(value, parameter_pointer(name)) if in_header else _whole(value, parameter_pointer(name))
            )
        except InvalidParameters as error:
            self._faults += error.faults
            return None

    def _each(self, name: str, read: Callable[[JsonValue, str], T]) -> tuple[T, ...]:
        """A list of things, or one of them without the list."""
        value = self._parameters.get(name)
        if value is None:
            return ()
        items = [(item, parameter_pointer(name, index)) for index, item in enumerate(value)] if isinstance(
            value, list
        ) else [(value, parameter_pointer(name))]  # fmt: skip
        found: list[T] = []
        for item, pointer in items:
            try:
                found.append(read(item, pointer))
            except InvalidParameters as error:
                self._faults += error.faults
        return tuple(found)


def _refuse(pointer: str, message: str) -> InvalidParameters:
    return InvalidParameters([Fault(pointer, message)])


def _line(value: JsonValue, pointer: str) -> str:
    if not isinstance(value, str):
        raise _refuse(pointer, "must be a text.")
    if _NOT_IN_A_HEADER.search(value):
        raise _refuse(pointer, "must not contain line breaks or other control characters.")
    return value


def _whole(value: JsonValue, pointer: str) -> str:
    if not isinstance(value, str):
        raise _refuse(pointer, "must be a text.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refuse(pointer, "is not valid Unicode.") from None
    return value


def _mailbox(value: JsonValue, pointer: str) -> Mailbox:
    """`a@b.example`, `Name <a@b.example>` or `"Name" <a@b.example>`; a comma in a name needs no quotes."""
    text = _line(value, pointer).strip()
    match = _NAME_AND_ADDRESS.fullmatch(text)
    name, address = (match.group(1).strip(), match.group(2).strip()) if match else ("", text)
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    try:
        checked = validate_email(
            address, check_deliverability=False, globally_deliverable=False, allow_quoted_local=True
        )
    except EmailNotValidError as error:
        raise _refuse(pointer, f"is not an e-mail address: {error}") from None
    return Mailbox(name, f"{checked.ascii_local_part or checked.local_part}@{checked.ascii_domain}")


def _message_id(value: JsonValue, pointer: str) -> str:
    identifier = _line(value, pointer).strip().removeprefix("<").removesuffix(">")
    if not _MESSAGE_ID.fullmatch(identifier) or len(identifier) > 900:
        raise _refuse(pointer, "is not a message id, such as `<id@host.example>`.")
    return f"<{identifier}>"


def _attachment(value: JsonValue, pointer: str) -> Attachment:
    if not isinstance(value, dict):
        raise _refuse(pointer, "must be an object.")
    filename = _line(value.get("filename"), f"{pointer}/filename")
    content_id = value.get("content_id")
    return Attachment(
        filename=filename,
        content_type=_content_type(value.get("content_type"), filename, f"{pointer}/content_type"),
        content=decode_base64(value.get("content_base64"), f"{pointer}/content_base64"),
        content_id=None if content_id is None else _message_id(content_id, f"{pointer}/content_id"),
    )


def _content_type(value: JsonValue, filename: str, pointer: str) -> tuple[str, str]:
    maintype, _, subtype = media_type(value, filename, pointer).partition("/")
    if maintype in ("multipart", "message"):
        # RFC 2046 forbids base64 for these, and readers would take them for a part of this message.
        if value is not None:
            raise _refuse(pointer, "must not be multipart or message; use `application/octet-stream`.")
        maintype, _, subtype = UNKNOWN.partition("/")
    return maintype, subtype
