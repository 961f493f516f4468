"""Bodies of several parts (`multipart/form-data`, RFC 7578): a JSON text, and files beside it.

Read piece by piece: a file is never held in memory as a whole.
"""

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.types import Receive

from portway.api.body_limit import MAX_BODY_BYTES
from portway.api.request_body import body_pieces
from portway.api.spool import Spool, SpooledContent
from portway.application.requests.files import UploadedFile
from portway.domain.errors import MalformedRequest, PayloadTooLarge

REQUEST_PART = "request"
"""The name of the first part, which is the JSON text."""

MAX_FILES = 1000
MAX_PART_HEADERS = 8
MAX_PART_HEADER_BYTES = 4096
"""Of one line, without its end."""

_NO_REQUEST = (
    f"The first part must be `{REQUEST_PART}`, with `Content-Type: application/json`, and hold what is the body of a "
    "request without files."
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MEDIA_TYPE = re.compile(r"[\x21-\x7e]+/[\x20-\x7e]+")

# It warns of each body that is broken, which its sender is told: anybody could fill the log.
logging.getLogger("python_multipart").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Upload:
    """What came: the JSON text, and each file with the name of its part. `digest` is the same for the same contents,
    whatever the boundary; empty where nobody asked for it.
    """

    request: bytes
    files: list[tuple[str, UploadedFile]]
    digest: bytes


async def read_upload(
    receive: Receive, content_type: bytes, spool: Spool, *, with_digest: bool = False
) -> Upload:
    """Raises MalformedRequest, which says where, PayloadTooLarge, and Unavailable where there is no room.

    The files are in the spool, and are gone when that is closed.
    """
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not boundary:
        raise MalformedRequest("The Content-Type has no boundary.")
    parts = _Parts(spool, _Digest() if with_digest else None)
    done = 0
    try:
        parser = MultipartParser(
            boundary,
            parts.callbacks(),  # type: ignore[arg-type]
            max_header_count=MAX_PART_HEADERS,
            max_header_size=MAX_PART_HEADER_BYTES,
        )
        async for piece in body_pieces(receive):
            parser.write(piece)
            done += len(piece)
            await spool.spill()
    except FormParserError as error:
        offset = done + max(0, getattr(error, "offset", 0))
        raise MalformedRequest(f"The multipart body is broken at byte {offset}, {parts.place}.") from None
    return parts.complete()


class _Parts:
    """Takes what the parser finds, in its order."""

    def __init__(self, spool: Spool, digest: "_Digest | None") -> None:
        self._spool = spool
        self._digest = digest
        self._request = bytearray()
        self._files: list[tuple[str, UploadedFile]] = []
        self._number = 0
        self._is_complete = False
        self._headers: dict[str, str] = {}
        self._header_name, self._header_value = bytearray(), bytearray()
        self._name = self._filename = self._content_type = ""
        self._start = 0

    def callbacks(self) -> Mapping[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._extend_header_name,
            "on_header_value": self._extend_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._extend_part,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    @property
    def place(self) -> str:
        """Where in the body this is, for people."""
        if self._number == 0:
            return "before its first part"
        return f"in part {self._number}" + (f" (`{self._name}`)" if self._name else "")

    def complete(self) -> Upload:
        if not self._is_complete:
            raise MalformedRequest(f"The multipart body ends without its closing boundary, {self.place}.")
        if self._number == 0:
            raise MalformedRequest(_NO_REQUEST)
        return Upload(bytes(self._request), self._files, self._digest.value() if self._digest else b"")

    def _begin(self) -> None:
        self._number += 1
        if self._number > MAX_FILES + 1:
            raise MalformedRequest(f"A request may have {MAX_FILES} files.")
        self._headers = {}
        self._name = self._filename = ""

    def _extend_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _extend_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        try:
            value = self._header_value.decode().strip()
        except UnicodeDecodeError:
            raise MalformedRequest(f"A header is not UTF-8, {self.place}.") from None
        if _CONTROL.search(value):
            raise MalformedRequest(f"A header has a control character, {self.place}.")
        self._headers[self._header_name.decode("ascii").lower()] = value
        self._header_name, self._header_value = bytearray(), bytearray()

    def _end_headers(self) -> None:
        kind, options = parse_options_header(
            self._headers.get("content-disposition", "").encode().decode("latin-1")
        )
        self._name = options.get(b"name", b"").decode()
        self._filename = options.get(b"filename", b"").decode()
        if kind != b"form-data" or not self._name:
            raise MalformedRequest(f"There is no `Content-Disposition: form-data` with a name, {self.place}.")
        if self._headers.get("content-transfer-encoding", "binary").lower() not in {"binary", "8bit", "7bit"}:
            raise MalformedRequest(f"Content-Transfer-Encoding is not used in forms, {self.place}.")
        if self._number == 1:
            self._check_request()
        elif not self._filename:
            raise MalformedRequest(
                f"There is no filename, {self.place}; what is not a file goes into `{REQUEST_PART}`."
            )
        self._content_type = self._headers.get("content-type", "application/octet-stream")
        if not _MEDIA_TYPE.fullmatch(self._content_type):
            raise MalformedRequest(f"The Content-Type is not one, {self.place}.")
        self._start = self._spool.size

    def _check_request(self) -> None:
        media_type = self._headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if self._name != REQUEST_PART or media_type != "application/json":
            raise MalformedRequest(_NO_REQUEST)

    def _extend_part(self, data: bytes, start: int, end: int) -> None:
        with memoryview(data) as whole, whole[start:end] as piece:
            if self._digest:
                self._digest.add(piece)
            if self._number > 1:
                self._spool.append(piece)
                return
            self._request += piece
        if len(self._request) > MAX_BODY_BYTES:
            raise PayloadTooLarge(f"The part `{REQUEST_PART}` may have {MAX_BODY_BYTES} bytes.")

    def _end(self) -> None:
        if self._number > 1:
            content = SpooledContent(self._spool, self._start, self._spool.size - self._start)
            self._files.append((self._name, UploadedFile(self._filename, self._content_type, content)))
        if self._digest:
            self._digest.end_part(self._name, self._filename, self._content_type)

    def _finish(self) -> None:
        self._is_complete = True


class _Digest:
    """SHA-256 of parts: their texts, each after its length, so that no two lists of parts are alike, and contents."""

    def __init__(self) -> None:
        self._whole = hashlib.sha256()
        self._part = hashlib.sha256()

    def add(self, piece: memoryview) -> None:
        self._part.update(piece)

    def end_part(self, *texts: str) -> None:
        for text in texts:
            encoded = text.encode()
            self._whole.update(len(encoded).to_bytes(4) + encoded)
        self._whole.update(self._part.digest())
        self._part = hashlib.sha256()

    def value(self) -> bytes:
        return self._whole.digest()
