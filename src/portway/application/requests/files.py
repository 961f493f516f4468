"""Files in parameters: base64 in JSON, or uploaded beside the JSON and kept on disk."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from portway.application.handlers.base64_content import decode_base64
from portway.application.handlers.media_type import media_type
from portway.application.ports.http import StreamedBody
from portway.domain.errors import Fault, InvalidParameters
from portway.domain.json_value import JsonValue


class UploadedFile(dict[str, JsonValue]):
    """A file that came beside the JSON. As a value it is what the schema checks and the log shows of it: `filename`,
    `content_type` and `size`. Its `content` is elsewhere.
    """

    def __init__(self, filename: str, content_type: str, content: StreamedBody) -> None:
        super().__init__(filename=filename, content_type=content_type, size=content.size)
        self.content = content


@dataclass(frozen=True, slots=True)
class File:
    """A file ready to be sent."""

    filename: str | None
    content_type: str | None
    content: bytes | StreamedBody = field(repr=False)

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
        return File(str(value["filename"]), media_type(value["content_type"], "", pointer), value.content)
    if not isinstance(value, dict):
        return File(None, None, decode_base64(value, pointer))
    filename, kind = value.get("filename"), value.get("content_type")
    if filename is not None and not isinstance(filename, str):
        raise InvalidParameters([Fault(f"{pointer}/filename", "must be a text.")])
    declared = None if kind is None else media_type(kind, "", f"{pointer}/content_type")
    if isinstance(text := value.get("text"), str) and value.get("base64") is None:
        try:
            return File(filename, declared or "text/plain; charset=utf-8", text.encode())
        except UnicodeEncodeError:
            raise InvalidParameters([Fault(f"{pointer}/text", "is not valid Unicode.")]) from None
    if "base64" not in value:
        message = "must be a file: base64, or an object with `base64` or `text`, or uploaded beside the JSON."
        raise InvalidParameters([Fault(pointer, message)])
    return File(filename, declared, decode_base64(value["base64"], f"{pointer}/base64"))
