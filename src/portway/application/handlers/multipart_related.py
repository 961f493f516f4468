"""multipart/related (RFC 2387), as Google's upload endpoints take it: metadata in JSON, then the content."""

import json
import secrets

from portway.domain.json_value import JsonObject


def multipart_related(metadata: JsonObject, content_type: str, content: bytes) -> tuple[str, bytes]:
    """The Content-Type header and the body."""
    boundary = _boundary(content)
    head = (
        f"--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
        f"{json.dumps(metadata, separators=(',', ':'))}\r\n"
        f"--{boundary}\r\nContent-Type: {content_type}\r\n\r\n"
    )
    body = b"".join((head.encode("ascii"), content, f"\r\n--{boundary}--\r\n".encode("ascii")))
    return f"multipart/related; boundary={boundary}", body


def _boundary(content: bytes) -> str:
    """One that the content does not hold: 128 random bits, and a look all the same."""
    while (boundary := f"portway-{secrets.token_hex(16)}").encode("ascii") in content:
        pass
    return boundary
