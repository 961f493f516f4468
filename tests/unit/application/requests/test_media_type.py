from typing import Any

import pytest

from portway.application.requests.media_type import media_type
from portway.domain.errors import InvalidParameters


@pytest.mark.parametrize(
    ("value", "filename", "expected"),
    [
        ("Image/PNG", "x", "image/png"),
        ("application/vnd.api+json", "x", "application/vnd.api+json"),
        (None, "report.pdf", "application/pdf"),
        (None, "x.tar.gz", "application/octet-stream"),
        (None, "x", "application/octet-stream"),
        (None, "", "application/octet-stream"),
    ],
)
def test_the_type_of_a_file(value: str | None, filename: str, expected: str) -> None:
    assert media_type(value, filename, "/parameters/x") == expected


@pytest.mark.parametrize("value", ["", "png", "a/b/c", "a/b; c=d", "a/b\r\nX: y", "a/b\n", "ü/x", 5, ["a/b"]])
def test_what_is_no_type_is_refused(value: Any) -> None:
    with pytest.raises(InvalidParameters):
        media_type(value, "x", "/parameters/x")
