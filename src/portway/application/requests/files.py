"""Files in parameters: base64 in JSON, or uploaded beside the JSON and kept on disk."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from portway.application.ports.http import StreamedBody
from portway.application.requests.base64_content import decode_base64
from portway.application.requests.media_type import UNKNOWN, media_type
from portway.domain.errors import Fault, InvalidParameters
from portway.domain.json_value import JsonValue

_TEXT = "text/plain; charset=utf-8"
_NO_FILE = "must be a file: base64, an object with either `base64` or `text`, or uploaded beside the JSON."


class UploadedFile(dict[str, JsonValue]):
    """A file that came beside the JSON. As a value it is what the schema checks and the log shows of it: `filename`,
    `content_type` and `size`. Its `content` is elsewhere.
    """

    def __init__(self, filename: str, content_type: str, content: StreamedBody) -> None:
        super().__init__(filename=filename, content_type=content_type, size=content.size)
        self.content = content


@dataclass(frozen=True, slots=True)
class File:
    """A file ready to be sent. Where nobody has said its `content_type`, that is None, and `default_type` a guess."""

    filename: str | None
    content_type: str | None
    content: bytes | StreamedBody = field(repr=False)
    default_type: str = UNKNOWN

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.size


@dataclass(frozen=True, slots=True)
class JoinedBody:
    """Several pieces one after the other, as one StreamedBody."""

    pieces: tuple[bytes | StreamedBody, ...] = field(repr=False)

    @property
    def size(self) -> int:
        return sum(len(piece) if isinstance(piece, bytes) else piece.size for piece in self.pieces)

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                async for chunk in piece.chunks():
                    yield chunk


def joined(*pieces: bytes | StreamedBody) -> bytes | StreamedBody:
    """One body of several pieces; bytes where all are bytes."""
    if all(isinstance(piece, bytes) for piece in pieces):
        return b"".join(piece for piece in pieces if isinstance(piece, bytes))
    return JoinedBody(pieces)


def read_file(value: JsonValue, pointer: str) -> File:
    """The file that a parameter is: one that was uploaded, the base64 of one, or an object
    `{"filename", "content_type", "base64" or "text"}`, as `data` has it for a binary answer.

    Raises InvalidParameters at `pointer` for anything else.
    """
    if isinstance(value, UploadedFile):
        # Clients add parameters such as a charset by themselves.
        kind = str(value["content_type"]).partition(";")[0].rstrip()
        return File(str(value["filename"]), media_type(kind, "", pointer), value.content)
    if not isinstance(value, dict):
        return File(None, None, decode_base64(value, pointer))
    filename, declares = value.get("filename"), value.get("content_type")
    if filename is not None and not isinstance(filename, str):
        raise InvalidParameters([Fault(f"{pointer}/filename", "must be a text.")])
    declared = None if declares is None else media_type(declares, "", f"{pointer}/content_type")
    guessed = media_type(None, filename or "", pointer)
    encoded, text = value.get("base64"), value.get("text")
    if (encoded is None) == (text is None):
        raise InvalidParameters([Fault(pointer, _NO_FILE)])
    if text is None:
        return File(filename, declared, decode_base64(encoded, f"{pointer}/base64"), guessed)
    return File(filename, declared, _utf8(text, f"{pointer}/text"), _TEXT if guessed == UNKNOWN else guessed)


def _utf8(text: JsonValue, pointer: str) -> bytes:
    if not isinstance(text, str):
        raise InvalidParameters([Fault(pointer, "must be a text.")])
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InvalidParameters([Fault(pointer, "is not valid Unicode.")]) from None
