"""A composed message on its way to Gmail: base64url in JSON.

A message over 5 MB goes to the upload endpoint as it is instead: base64 in JSON would add a third to it, twice.
"""

import asyncio
import base64

from portway.application.handlers.action_handler import ActionContext
from portway.application.ports.http import OutgoingRequest, StreamedBody
from portway.application.requests.multipart import related
from portway.application.requests.scalar_text import json_of
from portway.catalog.gmail.email_parameters import Email
from portway.catalog.gmail.mime import compose
from portway.domain.json_value import JsonObject, JsonValue

UPLOAD_FROM_BYTES = 5 * 1024 * 1024
MAX_MESSAGE_BYTES = 36_700_160
"""`mediaUpload.maxSize` of `users.messages.send`."""
MAX_FILES_BYTES = MAX_MESSAGE_BYTES * 3 // 4
"""Files are base64 in a message."""
# Composing takes about 80 ms for each MB; beyond this it would hold up everybody else's calls.
_THREAD_FROM_BYTES = 128 * 1024


async def composed(email: Email) -> bytes:
    """The message; a large one is composed in a thread."""
    size = len(email.text or "") + len(email.html or "") + sum(len(one.content) for one in email.attachments)
    return await asyncio.to_thread(compose, email) if size > _THREAD_FROM_BYTES else compose(email)


def delivery(
    context: ActionContext, message: bytes, thread_id: JsonValue = None, *, within: str | None = None
) -> OutgoingRequest:
    """The request to the action's endpoint, or to its upload endpoint for a large message.

    Gmail's message is the body, or its member `within`. `thread_id` is the thread that it joins.
    """
    thread: dict[str, JsonValue] = {"threadId": thread_id} if thread_id else {}
    if len(message) > UPLOAD_FROM_BYTES:
        return _upload(context, message, _put(thread, within) if thread else None)
    raw = base64.urlsafe_b64encode(message).rstrip(b"=").decode("ascii")
    return context.build(_put({"raw": raw, **thread}, within))


def _put(message: dict[str, JsonValue], within: str | None) -> JsonObject:
    return message if within is None else {within: message}


def _upload(context: ActionContext, message: bytes, metadata: JsonObject | None) -> OutgoingRequest:
    """Media alone, or with metadata where the message joins a thread."""
    kind, content_type = "media", "message/rfc822"
    body: bytes | StreamedBody = message
    if metadata is not None:
        kind = "multipart"
        content_type, body = related(json_of(dict(metadata)).encode(), content_type, message)
    return context.request(
        "POST",
        f"/upload{context.action.endpoint_path}",
        query={"uploadType": kind},
        headers={"content-type": content_type},
        body=body,
    )
