"""A request as people are shown it."""

import base64
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PreviewedRequest:
    """`body` is text, `body_base64` what is not UTF-8; both are None where there is no body."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    body_base64: str | None = None


def previewed(method: str, url: str, headers: dict[str, str], body: bytes | None) -> PreviewedRequest:
    """With its body as text where it is one."""
    if body is None:
        return PreviewedRequest(method, url, headers)
    try:
        return PreviewedRequest(method, url, headers, body.decode())
    except UnicodeDecodeError:
        return PreviewedRequest(method, url, headers, body_base64=base64.b64encode(body).decode())
