"""Files in parameters: base64 in JSON, or uploaded beside the JSON and kept on disk."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from portway.application.ports.http import StreamedBody
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
