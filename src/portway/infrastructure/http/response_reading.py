"""Reading an answer, as long as it is not too long."""

from aiohttp import ClientResponse

from portway.application.ports.http import UpstreamResponse
from portway.domain.errors import UpstreamInvalidResponse


async def read_response(answer: ClientResponse, max_bytes: int) -> UpstreamResponse:
    """The whole answer, decoded. Raises UpstreamInvalidResponse where that is more than `max_bytes`.

    What counts is the decoded size: some kilobytes of gzip can be gigabytes of text. aiohttp decodes no
    further than is read, so reading stops at the limit with little more than it in memory.
    """
    pieces: list[bytes] = []
    size = 0
    while piece := await answer.content.readany():
        size += len(piece)
        if size > max_bytes:
            # The rest is not read, so the connection cannot serve another call.
            answer.close()
            raise UpstreamInvalidResponse(
                f"The answer of {answer.url.raw_host} is larger than {max_bytes} bytes."
            )
        pieces.append(piece)
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    return UpstreamResponse(answer.status, _headers(answer), body)


def _headers(answer: ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in answer.headers.items():
        name = raw_name.lower()
        value = raw_value if raw_value.isascii() else _readable(raw_value)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    # The body is decoded by now, so these would be untrue.
    if headers.pop("content-encoding", None) is not None:
        headers.pop("content-length", None)
    return headers


def _readable(value: str) -> str:
    """The value as Latin-1 where it is not UTF-8; aiohttp gives lone surrogates, which no JSON can hold."""
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
