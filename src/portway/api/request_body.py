"""A request's body, as it comes from an ASGI server."""

from collections.abc import AsyncIterator

from starlette.exceptions import HTTPException
from starlette.types import Receive

from portway.domain.errors import MalformedRequest, PayloadTooLarge


async def body_pieces(receive: Receive) -> AsyncIterator[bytes]:
    """Piece by piece. Raises PayloadTooLarge, and MalformedRequest where the caller goes away in the middle."""
    is_last = False
    while not is_last:
        piece, is_last = await _piece(receive)
        yield piece


async def whole_body(receive: Receive) -> bytes:
    """All of it. Raises the same."""
    # Not by the iterator, which takes longer to make than most bodies take to read.
    first, is_last = await _piece(receive)
    pieces = [first]
    while not is_last:
        piece, is_last = await _piece(receive)
        pieces.append(piece)
    return first if len(pieces) == 1 else b"".join(pieces)


async def _piece(receive: Receive) -> tuple[bytes, bool]:
    """One piece, and whether it is the last."""
    try:
        message = await receive()
    except HTTPException as error:
        raise PayloadTooLarge from error
    if message["type"] == "http.disconnect":
        raise MalformedRequest("The connection was closed before the whole request had come.")
    return message.get("body", b""), not message.get("more_body", False)
