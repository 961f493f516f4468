"""multipart/form-data (RFC 7578) and multipart/related (RFC 2387)."""

import secrets
from dataclasses import dataclass, field

from portway.application.ports.http import StreamedBody
from portway.application.requests.files import joined

# What ends a quoted name, as browsers escape it (WHATWG HTML, "multipart/form-data"): `"`, CR and LF. Likewise what
# ends it for some readers: other control characters, and a backslash, which quotes what follows in a mail.
_ESCAPES = {
    ord(character): f"%{ord(character):02X}" for character in map(chr, (*range(32), 0x22, 0x5C, 0x7F))
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a form. One with a `filename` is a file to whoever reads the form."""

    name: str
    content: bytes | StreamedBody = field(repr=False)
    filename: str | None = None
    content_type: str | None = None

    def head(self) -> bytes:
        """Its header fields."""
        disposition = f'form-data; name="{self.name.translate(_ESCAPES)}"'
        if self.filename is not None:
            disposition += f'; filename="{self.filename.translate(_ESCAPES)}"'
        kind = f"\r\nContent-Type: {self.content_type}" if self.content_type else ""
        return f"Content-Disposition: {disposition}{kind}".encode()


def form_data(parts: list[Part]) -> tuple[str, bytes | StreamedBody]:
    """The Content-Type header and the body."""
    boundary, body = _multipart([(part.head(), part.content) for part in parts])
    return f"multipart/form-data; boundary={boundary}", body


def related(
    metadata: bytes, content_type: str, content: bytes | StreamedBody
) -> tuple[str, bytes | StreamedBody]:
    """The Content-Type header and the body: metadata in JSON, then the content."""
    boundary, body = _multipart(
        [
            (b"Content-Type: application/json; charset=UTF-8", metadata),
            (f"Content-Type: {content_type}".encode("ascii"), content),
        ]
    )
    return f"multipart/related; boundary={boundary}", body


def _multipart(parts: list[tuple[bytes, bytes | StreamedBody]]) -> tuple[str, bytes | StreamedBody]:
    boundary = _boundary(parts)
    pieces: list[bytes | StreamedBody] = []
    for head, content in parts:
        pieces += [b"--%s\r\n%s\r\n\r\n" % (boundary, head), content, b"\r\n"]
    pieces.append(b"--%s--\r\n" % boundary)
    return boundary.decode("ascii"), joined(*pieces)


def _boundary(parts: list[tuple[bytes, bytes | StreamedBody]]) -> bytes:
    """One that no part holds: 128 random bits, and a look all the same where there is something to look at."""
    texts = [text for part in parts for text in part if isinstance(text, bytes)]
    while True:
        boundary = f"portway-{secrets.token_hex(16)}".encode("ascii")
        if not any(boundary in text for text in texts):
            return boundary
