"""`get-message`: headers and texts decoded, attachments listed or, on demand, fetched."""

import asyncio
import base64
from urllib.parse import quote

from portway.application.handlers.action_handler import ActionContext, Answer
from portway.application.handlers.json_answer import json_object
from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.catalog.gmail.message import Part, decode_text, decoded_data, described, parts_of
from portway.domain.json_value import JsonObject, JsonValue

MESSAGES = "/gmail/v1/users/me/messages"
MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""A message of 35 MB in base64, and more."""


async def get_message(context: ActionContext, parameters: JsonObject) -> UpstreamResponse | Answer:
    """The message in a form that is easy to use; `minimal` and `raw` ones as Gmail gives them."""
    kind = parameters.get("format", "full")
    query = {name: value for name, value in parameters.items() if name != "include_attachments"}
    response = await fetch(context, context.build(query))
    if kind in ("minimal", "raw"):
        return response
    message = json_object(response)
    found = described(message)
    if kind == "metadata":
        return Answer(found)
    content = _Content(context, message)
    return Answer(found | await content.read(with_attachments=parameters.get("include_attachments") is True))


async def fetch(context: ActionContext, request: OutgoingRequest) -> UpstreamResponse:
    """The answer to a request for a message or attachment, which may be larger than others."""
    response = await context.open(request)
    try:
        return await response.read(max_bytes=MAX_ANSWER_BYTES)
    finally:
        await response.close()


class _Content:
    """The content of one message; what is not in Gmail's answer is fetched, part by part."""

    def __init__(self, context: ActionContext, message: JsonObject) -> None:
        self._context = context
        self._message_id = str(message.get("id"))
        self._parts = parts_of(message)

    async def read(self, *, with_attachments: bool) -> dict[str, JsonValue]:
        return {
            "text": await self._text("text/plain"),
            "html": await self._text("text/html"),
            "attachments": [
                await self._attachment(part, fetched=with_attachments)
                for part in self._parts
                if not part.is_body
            ],
        }

    async def _text(self, content_type: str) -> str | None:
        texts = [
            decode_text(await self._bytes(part), part.charset)
            for part in self._parts
            if part.is_body and part.content_type == content_type
        ]
        return "\n".join(texts) if texts else None

    async def _attachment(self, part: Part, *, fetched: bool) -> JsonValue:
        described: dict[str, JsonValue] = {
            "filename": part.filename,
            "content_type": part.content_type,
            "size": part.size,
            "attachment_id": part.attachment_id,
            "content_id": part.content_id,
            "inline": part.disposition == "inline",
        }
        if fetched or part.content is not None:
            content = await self._bytes(part)
            described["base64"] = (await asyncio.to_thread(base64.b64encode, content)).decode("ascii")
        return described

    async def _bytes(self, part: Part) -> bytes:
        if part.content is not None:
            return part.content
        path = "/".join(
            quote(str(one), safe="") for one in (self._message_id, "attachments", part.attachment_id)
        )
        answer = json_object(await fetch(self._context, self._context.request("GET", f"{MESSAGES}/{path}")))
        return await asyncio.to_thread(decoded_data, answer.get("data"))
