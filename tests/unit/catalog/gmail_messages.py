"""Messages as Gmail tells them, and those that were sent to it."""

import base64
import json
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from tests.fakes.http_client import json_answer


def encoded(content: bytes) -> str:
    """As Gmail does: base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def headers(**values: str) -> list[dict[str, str]]:
    """Names are written with underscores."""
    return [{"name": name.replace("_", "-"), "value": value} for name, value in values.items()]


def part(mime_type: str, content: bytes | None = None, **members: Any) -> dict[str, Any]:
    """A part; without content it is kept elsewhere, by the `attachment_id` among the members."""
    fields = members.pop("headers", [])
    filename = members.pop("filename", "")
    body = {"size": len(content or b"")} | (
        {"attachmentId": members.pop("attachment_id")} if content is None else {"data": encoded(content)}
    )
    return {"mimeType": mime_type, "filename": filename, "headers": fields, "body": body, **members}


def multipart(subtype: str, *parts: dict[str, Any], **fields: str) -> dict[str, Any]:
    return {"mimeType": f"multipart/{subtype}", "headers": headers(**fields), "parts": list(parts)}


def gmail_message(payload: dict[str, Any], **members: Any) -> UpstreamResponse:
    return json_answer({"id": "18c1f2", "threadId": "18c1f0", "payload": payload, **members})


def raw_message(content: str | bytes) -> UpstreamResponse:
    """A message as it was sent."""
    content = content.replace("\n", "\r\n").encode() if isinstance(content, str) else content
    return json_answer({"id": "18c1f2", "threadId": "18c1f0", "raw": encoded(content)})


def sent_message(request: OutgoingRequest) -> EmailMessage:
    """What the request hands in."""
    assert isinstance(request.body, bytes)
    raw = json.loads(request.body)["raw"]
    message = message_from_bytes(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)), policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def body_of(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert isinstance(body, EmailMessage), f"no {kind} in the message"
    content: str = body.get_content()
    return content
