"""A request's body, as it comes from an ASGI server."""

from collections.abc import AsyncIterator

from starlette.exceptions import HTTPException
from starlette.types import Receive

from portway.domain.errors import MalformedRequest, PayloadTooLarge


async def body_pieces(receive: Receive) -> AsyncIterator[bytes]:
    """Piece by piece. Raises PayloadTooLarge, and MalformedRequest where the caller goes away in the middle."""
    try:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise MalformedRequest("The connection was closed before the whole request had come.")
            yield message.get("body", b"")
            if not message.get("more_body", False):
                return
    except HTTPException as error:
        raise PayloadTooLarge from error


async def whole_body(receive: Receive) -> bytes:
    """All of it. Raises the same."""
    parts = [piece async for piece in body_pieces(receive)]
    return parts[0] if len(parts) == 1 else b"".join(parts)
