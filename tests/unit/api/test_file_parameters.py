"""Files among the parameters."""

from typing import Any

import pytest

from portway.api.file_parameters import place_files
from portway.api.spool import Spool, SpooledContent
from portway.application.requests.files import UploadedFile
from portway.domain.errors import MalformedRequest


def file(name: str = "f") -> UploadedFile:
    return UploadedFile(name, "text/plain", SpooledContent(Spool(), 0, 0))


F, G = file("f"), file("g")


@pytest.mark.parametrize(
    ("before", "files", "after"),
    [
        ({}, [("content", F)], {"content": F}),
        ({"content": None, "a": 1}, [("content", F)], {"content": F, "a": 1}),
        ({}, [("files", F), ("other", F), ("files", G)], {"files": [F, G], "other": F}),
        ({}, [("a/b", F)], {"a/b": F}),
        ({}, [("/a~1b~0", F)], {"a/b~": F}),
        ({}, [("/", F)], {"": F}),
        ({"a": [{"x": 1}]}, [("/a/0/content", F)], {"a": [{"x": 1, "content": F}]}),
        ({"a": [None, 1]}, [("/a/0", F)], {"a": [F, 1]}),
        ({"a": []}, [("/a/0", F), ("/a/1", G)], {"a": [F, G]}),
        ({"a": {"b": {}}}, [("/a/b/c", F), ("/a/b/c", G)], {"a": {"b": {"c": [F, G]}}}),
    ],
)
def test_each_takes_its_place(
    before: dict[str, Any], files: list[tuple[str, UploadedFile]], after: dict[str, Any]
) -> None:
    place_files(before, files)
    assert before == after


@pytest.mark.parametrize(
    ("before", "name", "pointer"),
    [
        ({"a": 1}, "a", "/parameters/a"),
        ({"a": False}, "/a", "/parameters/a"),
        ({}, "/a/b", "/parameters/a/b"),
        ({"a": 1}, "/a/b", "/parameters/a/b"),
        ({"a": []}, "/a/1", "/parameters/a/1"),
        ({"a": [1]}, "/a/0", "/parameters/a/0"),
        ({"a": [None]}, "/a/00", "/parameters/a/00"),
        ({"a": [None]}, "/a/-1", "/parameters/a/-1"),
        ({"a": [None]}, "/a/-", "/parameters/a/-"),
        ({"a": [None]}, "/a/" + "9" * 4000, "/parameters/a/" + "9" * 4000),
        ({"a": [None]}, "/a/\u0660", "/parameters/a/\u0660"),
    ],
)
def test_there_is_no_such_place(before: dict[str, Any], name: str, pointer: str) -> None:
    with pytest.raises(MalformedRequest) as caught:
        place_files(before, [(name, F)])
    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_nothing_goes_into_a_file() -> None:
    with pytest.raises(MalformedRequest, match="no place"):
        place_files({}, [("a", F), ("/a/x", G)])
