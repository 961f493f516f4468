"""Reading `multipart/form-data`."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive

from portway.api import upload as upload_module
from portway.api.body_limit import MAX_BODY_BYTES
from portway.api.spool import MEMORY_BYTES, Spool
from portway.api.upload import (
    MAX_FILES,
    MAX_PART_HEADER_BYTES,
    MAX_PART_HEADERS,
    Upload,
    read_upload,
)
from portway.domain.errors import MalformedRequest, PayloadTooLarge

TYPE = b"multipart/form-data; boundary=B"
REQUEST = b'--B\r\nContent-Disposition: form-data; name="request"\r\n\r\n{}\r\n'
END = b"--B--\r\n"


def part(
    content: bytes = b"x", disposition: str = 'form-data; name="a"; filename="f"', *headers: str
) -> bytes:
    lines = "\r\n".join([f"Content-Disposition: {disposition}", *headers])
    return b"--B\r\n" + lines.encode() + b"\r\n\r\n" + content + b"\r\n"


def sending(body: bytes, step: int = 1 << 20, *, goes_away: bool = False) -> Receive:
    pieces = [body[start : start + step] for start in range(0, len(body), step)] or [b""]
    messages: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": goes_away or index < len(pieces) - 1}
        for index, piece in enumerate(pieces)
    ]
    messages.append({"type": "http.disconnect"})
    waiting = iter(messages)

    async def receive() -> Message:
        return next(waiting)

    return receive


@pytest.fixture
async def spool() -> AsyncIterator[Spool]:
    made = Spool()
    yield made
    made.close()


async def contents(upload: Upload) -> list[tuple[str, bytes]]:
    return [(name, b"".join([chunk async for chunk in file.content.chunks()])) for name, file in upload.files]


async def refusal(body: bytes, content_type: bytes = TYPE) -> str:
    spool = Spool()
    with pytest.raises(MalformedRequest) as caught:
        await read_upload(sending(body), content_type, spool)
    spool.close()
    return caught.value.detail


@pytest.mark.parametrize("step", [1, 3, 7, 1 << 20])
async def test_the_json_and_the_files(spool: Spool, step: int) -> None:
    body = (
        REQUEST
        + part(
            b"\r\n--A\r\n--",
            'form-data; name="a"; filename="Zo\u00eb \\"1\\".txt"',
            "Content-Type: text/plain",
        )
        + part(b"", 'form-data; name="/list/0"; filename="empty"')
        + END
    )
    upload = await read_upload(sending(body, step), TYPE, spool)
    assert upload.request == b"{}"
    assert [(name, dict(file)) for name, file in upload.files] == [
        ("a", {"filename": 'Zo\u00eb "1".txt', "content_type": "text/plain", "size": 9}),
        ("/list/0", {"filename": "empty", "content_type": "application/octet-stream", "size": 0}),
    ]
    assert await contents(upload) == [("a", b"\r\n--A\r\n--"), ("/list/0", b"")]
    assert upload.digest == b""


@given(
    files=st.lists(st.tuples(st.text("abc/", min_size=1, max_size=5), st.binary(max_size=200)), max_size=4),
    step=st.integers(1, 50),
)
async def test_whatever_a_client_writes_is_read(files: list[tuple[str, bytes]], step: int) -> None:
    form = aiohttp.MultipartWriter("form-data")
    form.append_json({"a": 1}).set_content_disposition("form-data", name="request", quote_fields=False)
    for name, content in files:
        form.append(content).set_content_disposition("form-data", name=name, filename="f", quote_fields=False)
    spool = Spool()
    body = await form.as_bytes()
    upload = await read_upload(sending(body, step), form.content_type.encode(), spool)
    assert json.loads(upload.request) == {"a": 1}
    assert await contents(upload) == files
    spool.close()


async def test_a_large_file_is_not_held(spool: Spool) -> None:
    block = bytes(range(256)) * 256
    upload = await read_upload(sending(REQUEST + part(block * 100) + END, 65_536), TYPE, spool)
    assert len(spool._tail) <= MEMORY_BYTES
    assert await contents(upload) == [("a", block * 100)]


BROKEN = {
    "no boundary in the type": (REQUEST + END, b"multipart/form-data", "no boundary"),
    "another boundary": (
        REQUEST + END,
        b"multipart/form-data; boundary=C",
        "at byte 2, before its first part",
    ),
    "a boundary too long": (REQUEST + END, TYPE + b"x" * 300, "before its first part"),
    "nothing": (b"", TYPE, "ends without its closing boundary, before its first part"),
    "no part": (END, TYPE, "The first part must be `request`"),
    "no end": (REQUEST + part(), TYPE, "ends without its closing boundary, in part 2 (`a`)"),
    "a broken header": (
        REQUEST + part(b"", 'form-data; name="a"; filename="f"', "B\xe4d: x"),
        TYPE,
        f"at byte {len(REQUEST) + 62}, in part 2",
    ),
    "a header that never ends": (REQUEST + part(b"", "x" * 9000), TYPE, "in part 2"),
    "a line break in a header": (
        REQUEST + part(b"", 'form-data; name="a\n"'),
        TYPE,
        "control character, in part 2",
    ),
    "a name that is not UTF-8": (
        REQUEST + b'--B\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n' + END,
        TYPE,
        "not UTF-8, in part 2",
    ),
    "no disposition": (REQUEST + b"--B\r\nX-Other: a\r\n\r\nx\r\n" + END, TYPE, "with a name, in part 2"),
    "no name": (REQUEST + part(b"", "form-data; filename=f") + END, TYPE, "with a name, in part 2"),
    "another disposition": (REQUEST + part(b"", "attachment; name=a") + END, TYPE, "with a name, in part 2"),
    "a file without a name": (
        REQUEST + part(b"", "form-data; name=a") + END,
        TYPE,
        "no filename, in part 2 (`a`)",
    ),
    "no request": (part() + END, TYPE, "The first part must be `request`"),
    "the request as text": (
        part(b"{}", 'form-data; name="request"', "Content-Type: text/plain") + END,
        TYPE,
        "The first part must be `request`",
    ),
    "an encoding": (
        REQUEST
        + part(b"eA==", 'form-data; name="a"; filename="f"', "Content-Transfer-Encoding: base64")
        + END,
        TYPE,
        "Content-Transfer-Encoding is not used",
    ),
    "no media type": (
        REQUEST + part(b"", 'form-data; name="a"; filename="f"', "Content-Type: text") + END,
        TYPE,
        "Content-Type is not one, in part 2 (`a`)",
    ),
}


@pytest.mark.parametrize(("body", "content_type", "where"), BROKEN.values(), ids=BROKEN.keys())
async def test_what_is_broken_is_told_with_its_place(body: bytes, content_type: bytes, where: str) -> None:
    assert where in await refusal(body, content_type)


@pytest.mark.parametrize(
    ("number", "size", "fits"),
    [
        (MAX_PART_HEADERS, MAX_PART_HEADER_BYTES, True),
        (MAX_PART_HEADERS + 1, 20, False),
        (2, MAX_PART_HEADER_BYTES + 1, False),
    ],
)
async def test_the_headers_of_a_part_are_limited(spool: Spool, number: int, size: int, fits: bool) -> None:
    headers = [f"X-{index}: ".ljust(size, "x") for index in range(number - 1)]
    body = REQUEST + part(b"x", 'form-data; name="a"; filename="f"', *headers) + END
    if fits:
        assert await contents(await read_upload(sending(body), TYPE, spool)) == [("a", b"x")]
    else:
        assert "in part 2" in await refusal(body)


async def test_what_is_broken_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    for body, content_type, _ in BROKEN.values():
        await refusal(body, content_type)
    assert not caplog.records


async def test_the_number_of_files_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_FILES == 1000
    monkeypatch.setattr(upload_module, "MAX_FILES", 2)
    assert await refusal(REQUEST + part() * 3 + END) == "A request may have 2 files."


async def test_the_json_has_the_limit_of_a_request_without_files(spool: Spool) -> None:
    body = part(b" " * (MAX_BODY_BYTES + 1), 'form-data; name="request"') + END
    with pytest.raises(PayloadTooLarge, match="`request`"):
        await read_upload(sending(body), TYPE, spool)


async def test_a_client_that_goes_away(spool: Spool) -> None:
    with pytest.raises(MalformedRequest, match="before the whole request had come"):
        await read_upload(sending(REQUEST + part(), goes_away=True), TYPE, spool)


@given(st.binary(max_size=200), st.integers(1, 20))
async def test_any_bytes_are_read_or_refused(noise: bytes, step: int) -> None:
    spool = Spool()
    with contextlib.suppress(MalformedRequest):
        await read_upload(sending(REQUEST + noise, step), TYPE, spool)
    spool.close()


async def digest(body: bytes, content_type: bytes = TYPE) -> bytes:
    spool = Spool()
    upload = await read_upload(sending(body), content_type, spool, with_digest=True)
    spool.close()
    return upload.digest


async def test_the_digest_is_of_every_content_and_not_of_the_boundary() -> None:
    file = 'form-data; name="{name}"; filename="{filename}"'

    def body(json_text: bytes = b"{}", content: bytes = b"x", kind: str = "a/b", **names: str) -> bytes:
        filled: Mapping[str, str] = {"name": "a", "filename": "f"} | names
        request = part(json_text, 'form-data; name="request"')
        return request + part(content, file.format(**filled), f"Content-Type: {kind}") + END

    same = await digest(body())
    assert same == await digest(body().replace(b"--B", b"--C"), TYPE.replace(b"=B", b"=C"))
    others = [
        body(json_text=b"{ }"),
        body(content=b"y"),
        body(kind="a/c"),
        body(name="b"),
        body(filename="g"),
        body(name="af", filename="f"),
        body(content=b""),
        REQUEST + part() + part() + END,
        REQUEST + END,
    ]
    assert len({same, *[await digest(other) for other in others]}) == len(others) + 1
