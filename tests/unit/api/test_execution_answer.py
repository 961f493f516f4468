"""Sending an answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message

from portway.api.execution_answer import Answer, send_answer


class Rest:
    """A `RawAnswer` with nothing in it."""

    content_type = ""
    content_length = None
    filename = None
    is_closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.is_closed = True


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("failing", ["http.response.start", "http.response.body", ""])
async def test_the_rest_is_closed_however_sending_ends(failing: str) -> None:
    async def send(message: Message) -> None:
        if message["type"] == failing:
            raise OSError

    rest = Rest()
    answer = Answer(200, [], b"first", rest)
    if failing:
        with pytest.raises(OSError):
            await send_answer(answer, never, send)
    else:
        await send_answer(answer, never, send)
    assert rest.is_closed
