"""`send-email`: the parameters as an RFC 5322 message, base64url-encoded in Gmail's JSON.

A message over 5 MB goes to the upload endpoint as it is instead: base64 in JSON would add a third to it,
twice.
"""

import asyncio
import base64
from dataclasses import replace

from portway.application.handlers.action_handler import ActionContext
from portway.application.handlers.multipart_related import multipart_related
from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.application.request_builder import build_request
from portway.catalog.gmail.email_parameters import read_email
from portway.catalog.gmail.mime import compose
from portway.domain.json_value import JsonObject

UPLOAD_FROM_BYTES = 5 * 1024 * 1024
# Composing takes about 80 ms for each MB; beyond this it would hold up everybody else's calls.
_THREAD_FROM_BYTES = 128 * 1024


async def send_email(context: ActionContext, parameters: JsonObject) -> UpstreamResponse:
    """Sends the message that `parameters` describe (see actions.yaml).

    Raises InvalidParameters for addresses, files and header fields that cannot be sent as they are.
    """
    if _size(parameters) > _THREAD_FROM_BYTES:
        request = await asyncio.to_thread(build_send_request, context, parameters)
    else:
        request = build_send_request(context, parameters)
    return await context.send(request)


def build_send_request(context: ActionContext, parameters: JsonObject) -> OutgoingRequest:
    """The request to `users.messages.send`, or to its upload endpoint for a large message."""
    message = compose(read_email(parameters))
    thread = {"threadId": thread_id} if (thread_id := parameters.get("thread_id")) else {}
    if len(message) > UPLOAD_FROM_BYTES:
        return _upload(context, thread, message)
    raw = base64.urlsafe_b64encode(message).rstrip(b"=").decode("ascii")
    return build_request(context.integration, context.action, {"raw": raw, **thread}, context.config)


def _upload(context: ActionContext, thread: JsonObject, message: bytes) -> OutgoingRequest:
    """Media alone, or with metadata where the message joins a thread."""
    kind = "multipart" if thread else "media"
    endpoint = f"/upload{context.action.endpoint_path}?uploadType={kind}"
    upload = replace(context.action, endpoint_path=endpoint, transform_config={})
    request = build_request(context.integration, upload, {}, context.config)
    content_type, body = (
        multipart_related(thread, "message/rfc822", message) if thread else ("message/rfc822", message)
    )
    return replace(request, headers={**request.headers, "content-type": content_type}, body=body)


def _size(parameters: JsonObject) -> int:
    """The text of the parameters, roughly."""
    attachments = parameters.get("attachments")
    files = [item for item in attachments if isinstance(item, dict)] if isinstance(attachments, list) else []
    texts = [parameters.get("text"), parameters.get("html"), *(file.get("content_base64") for file in files)]
    return sum(len(text) for text in texts if isinstance(text, str))
