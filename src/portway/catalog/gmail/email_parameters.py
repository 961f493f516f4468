"""The parameters that describe an e-mail, checked for all that a JSON Schema cannot say."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from email_validator import EmailNotValidError, validate_email

from portway.application.requests.base64_content import decode_base64
from portway.application.requests.files import UploadedFile
from portway.application.requests.media_type import UNKNOWN, media_type
from portway.domain.errors import Fault, InvalidParameters
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.parameter_pointer import parameter_pointer

T = TypeVar("T")

_NAME_AND_ADDRESS = re.compile(r"(.*?)\s*<([^<>]*)>", re.DOTALL)
# Whatever Python, a mail server or a mail reader could take for the end of a header line.
_NOT_IN_A_HEADER = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,900}")


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


def read_email(
    parameters: JsonObject, *, uploads: Mapping[str, bytes] | None = None, recipients_required: bool = True
) -> Email:
    """Raises InvalidParameters with all faults that there are.

    `uploads` are the contents of uploaded attachments by their pointers (see `held_uploads`).
    """
    return _Reader(parameters, uploads or {}).email(recipients_required=recipients_required)


async def held_uploads(parameters: JsonObject, max_bytes: int) -> dict[str, bytes]:
    """What uploaded attachments hold, by their pointers: a message is composed in memory.

    Raises InvalidParameters where they are more than `max_bytes` together.
    """
    attachments = parameters.get("attachments")
    items = enumerate(attachments) if isinstance(attachments, list) else ()
    files = {
        parameter_pointer("attachments", index): item
        for index, item in items
        if isinstance(item, UploadedFile)
    }
    if sum(file.content.size for file in files.values()) > max_bytes:
        message = f"must not be more than {max_bytes} bytes together."
        raise InvalidParameters([Fault(parameter_pointer("attachments"), message)])
    return {
        pointer: b"".join([chunk async for chunk in file.content.chunks()]) for pointer, file in files.items()
    }


class _Reader:
    """Reads member by member and remembers what was wrong."""

    def __init__(self, parameters: JsonObject, uploads: Mapping[str, bytes]) -> None:
        self._parameters = parameters
        self._uploads = uploads
        self._faults: list[Fault] = []

    def email(self, *, recipients_required: bool) -> Email:
        sender = self._each("from", read_mailbox)
        in_reply_to = self._each("in_reply_to", _message_id)
        references = self._each("references", _message_id)
        email = Email(
            to=self._each("to", read_mailbox),
            cc=self._each("cc", read_mailbox),
            bcc=self._each("bcc", read_mailbox),
            reply_to=self._each("reply_to", read_mailbox),
            sender=sender[0] if sender else None,
            subject=self._text("subject", in_header=True) or "",
            text=self._text("text"),
            html=self._text("html"),
            attachments=self._each("attachments", self._attachment),
            in_reply_to=in_reply_to[0] if in_reply_to else None,
            references=references or in_reply_to,
        )
        self._check(email, recipients_required=recipients_required)
        if self._faults:
            raise InvalidParameters(self._faults)
        return email

    def _check(self, email: Email, *, recipients_required: bool) -> None:
        pointers = {fault.pointer.split("/")[2] for fault in self._faults}
        missing = not (email.to or email.cc or email.bcc) and not pointers & {"to", "cc", "bcc"}
        if missing and recipients_required:
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

    def _attachment(self, value: JsonValue, pointer: str) -> Attachment:
        """A file in base64, `base64` or, as it was called first, `content_base64`; or an uploaded one."""
        if not isinstance(value, dict):
            raise _refuse(pointer, "must be an object.")
        filename = _line(value.get("filename"), f"{pointer}/filename")
        content_id, kind = value.get("content_id"), value.get("content_type")
        if isinstance(value, UploadedFile) and isinstance(kind, str):
            kind = kind.partition(";")[0].strip() or None  # whoever uploads seldom chooses the parameters
        content_type = read_content_type(kind, filename, f"{pointer}/content_type")
        name = "base64" if "base64" in value else "content_base64"
        content = self._uploads.get(pointer)
        return Attachment(
            filename=filename,
            content_type=content_type,
            content=decode_base64(value.get(name), f"{pointer}/{name}") if content is None else content,
            content_id=None if content_id is None else _message_id(content_id, f"{pointer}/content_id"),
        )


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


def read_mailbox(value: JsonValue, pointer: str) -> Mailbox:
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
    if not _MESSAGE_ID.fullmatch(identifier):
        raise _refuse(pointer, "is not a message id, such as `<id@host.example>`.")
    return f"<{identifier}>"


def read_content_type(value: JsonValue, filename: str, pointer: str) -> tuple[str, str]:
    """Type and subtype of an attachment. Raises InvalidParameters for what none can have."""
    maintype, _, subtype = media_type(value, filename, pointer).partition("/")
    if maintype in ("multipart", "message"):
        # RFC 2046 forbids base64 for these, and readers would take them for a part of this message.
        if value is not None:
            raise _refuse(pointer, "must not be multipart or message; use `application/octet-stream`.")
        maintype, _, subtype = UNKNOWN.partition("/")
    return maintype, subtype
