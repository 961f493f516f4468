from typing import Any

import pytest

from portway.application.ports.http import UpstreamResponse
from portway.application.requests.files import File, JoinedBody, UploadedFile, joined, read_file
from portway.application.responses.response_mapping import map_response
from portway.domain.errors import InvalidParameters
from tests.unit.application.requests.building import Held

CONTENT = b"\x00\xff"
UNKNOWN = "application/octet-stream"


@pytest.mark.parametrize(
    ("value", "file"),
    [
        ("AP8=", File(None, None, CONTENT)),
        ("AP8", File(None, None, CONTENT)),
        ({"base64": "AP8="}, File(None, None, CONTENT)),
        ({"base64": "AP8=", "text": None, "size": 2}, File(None, None, CONTENT)),
        ({"base64": "AP8=", "filename": "a.png"}, File("a.png", None, CONTENT, "image/png")),
        ({"base64": "AP8=", "content_type": "Image/GIF"}, File(None, "image/gif", CONTENT)),
        ({"text": "ü"}, File(None, None, "ü".encode(), "text/plain; charset=utf-8")),
        ({"text": "", "filename": "a.csv"}, File("a.csv", None, b"", "text/csv")),
        (
            {"text": "x", "content_type": "text/html"},
            File(None, "text/html", b"x", "text/plain; charset=utf-8"),
        ),
    ],
)
def test_a_file_in_json(value: Any, file: File) -> None:
    assert read_file(value, "/parameters/file") == file
    assert file.size == len(file.content)  # type: ignore[arg-type]


def test_an_answer_can_be_sent_on() -> None:
    headers = {"content-type": "image/png", "content-disposition": 'attachment; filename="dot.png"'}
    data = map_response(UpstreamResponse(200, headers, CONTENT))
    assert read_file(data, "") == File("dot.png", "image/png", CONTENT, "image/png")


def test_an_uploaded_file() -> None:
    content = Held(CONTENT)
    file = read_file(UploadedFile("a.png", "image/png; q=1", content), "/parameters/file")
    assert (file.filename, file.content_type, file.content, file.size) == ("a.png", "image/png", content, 2)


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (5, ""),
        (None, ""),
        (["AP8="], ""),
        ("!", ""),
        ({}, ""),
        ({"filename": "a"}, ""),
        ({"base64": "AP8=", "text": "x"}, ""),
        ({"base64": 5}, "/base64"),
        ({"text": 5}, "/text"),
        ({"text": "\ud800"}, "/text"),
        ({"base64": "AP8=", "filename": 5}, "/filename"),
        ({"base64": "AP8=", "content_type": "png"}, "/content_type"),
        ({"base64": "AP8=", "content_type": "a/b\r\nX: y"}, "/content_type"),
    ],
)
def test_what_is_no_file(value: Any, pointer: str) -> None:
    with pytest.raises(InvalidParameters) as error:
        read_file(value, "/parameters/file")
    assert [fault.pointer for fault in error.value.faults] == [f"/parameters/file{pointer}"]


async def test_pieces_are_one_body() -> None:
    assert joined(b"a", b"", b"b") == b"ab"
    body = joined(b"a", Held(b"bc"), b"d")
    assert isinstance(body, JoinedBody)
    assert body.size == 4
    for _ in range(2):  # from its beginning, each time
        assert b"".join([chunk async for chunk in body.chunks()]) == b"abcd"
