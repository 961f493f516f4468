"""Multipart bodies: forms with files, and a file with JSON before it."""

import base64
from typing import Any

from portway.domain.errors import Fault
from tests.unit.application.requests.building import pointers, refused, sent

CONTENT = bytes(range(256))
ENCODED = base64.b64encode(CONTENT).decode()


def parts_of(parameters: dict[str, Any], **says: Any) -> list[bytes]:
    """The parts of a multipart body, each with its head."""
    request = sent(parameters, **says)
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    assert isinstance(request.body, bytes)
    first, *parts, last = request.body.split(b"--" + boundary)
    assert (first, last) == (b"", b"--\r\n")
    return [part.removeprefix(b"\r\n").removesuffix(b"\r\n") for part in parts]


def test_parts_of_a_form() -> None:
    parts = parts_of(
        {"text": "ü", "number": 1.5, "no": None, "object": {"a": [1]}, "list": ["x", {"b": 1}, None, True]},
        body={"encoding": "multipart"},
    )
    disposition = b'Content-Disposition: form-data; name="%s"'
    as_json = b"\r\nContent-Type: application/json\r\n\r\n"
    assert parts == [
        disposition % b"text" + "\r\n\r\nü".encode(),
        disposition % b"number" + b"\r\n\r\n1.5",
        disposition % b"object" + as_json + b'{"a":[1]}',
        disposition % b"list" + b"\r\n\r\nx",
        disposition % b"list" + as_json + b'{"b":1}',
        disposition % b"list" + b"\r\n\r\ntrue",
    ]


def test_what_a_row_says_of_a_part() -> None:
    locations = {
        "note": {"in": "body", "name": "Note", "content_type": "text/markdown"},
        "tags": {"in": "body", "content_type": "application/json"},
        "meta": {"in": "body", "content_type": "application/ld+json"},
        "link": {"in": "body", "style": "brackets"},
        "ids": {"in": "body", "explode": False},
    }
    parts = parts_of(
        {"note": "# x", "tags": ["a"], "meta": "x", "link": {"a": [1, 2]}, "ids": [1, 2]},
        body={"encoding": "multipart"},
        locations=locations,
    )
    disposition = b'Content-Disposition: form-data; name="%s"'
    assert parts == [
        disposition % b"Note" + b"\r\nContent-Type: text/markdown\r\n\r\n# x",
        disposition % b"tags" + b'\r\nContent-Type: application/json\r\n\r\n["a"]',
        disposition % b"meta" + b'\r\nContent-Type: application/ld+json\r\n\r\n"x"',
        disposition % b"link[a][]" + b"\r\n\r\n1",
        disposition % b"link[a][]" + b"\r\n\r\n2",
        disposition % b"ids" + b"\r\n\r\n1,2",
    ]


def test_files_of_a_form() -> None:
    body = {"encoding": "multipart", "files": ["file", "more"]}
    parts = parts_of(
        {
            "file": {"filename": 'a "b"\r\n.pdf', "base64": ENCODED},
            "more": [ENCODED, {"content_type": "Image/PNG", "base64": ENCODED}, None, {"text": "ü"}],
        },
        body=body,
    )
    head = b'Content-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: %s\r\n\r\n'
    assert parts == [
        head % (b"file", b"a %22b%22%0D%0A.pdf", b"application/pdf") + CONTENT,
        head % (b"more", b"more", b"application/octet-stream") + CONTENT,
        head % (b"more", b"more", b"image/png") + CONTENT,
        head % (b"more", b"more", b"text/plain; charset=utf-8") + "ü".encode(),
    ]
    (part,) = parts_of(
        {"file": ENCODED},
        body=body,
        locations={"file": {"in": "body", "name": "upload[]", "content_type": "image/gif"}},
    )
    assert part == head % (b"upload[]", b"upload[]", b"image/gif") + CONTENT


def test_what_is_no_file_is_told_where_it_is() -> None:
    body = {"encoding": "multipart", "files": ["f"]}
    assert pointers({"f": [ENCODED, "!"], "a": [[1]]}, body=body) == ["/parameters/f/1", "/parameters/a"]
    assert pointers({"f": {"base64": "!"}}, body=body) == ["/parameters/f/base64"]
    operations = [{"op": "rename", "parameter": "attachments", "to": "f"}]
    assert pointers({"f": ["!"]}, body=body, parameters=operations) == ["/parameters/attachments/0"]


def test_multipart_related() -> None:
    request = sent(
        {"name": "a", "file": {"filename": "a.png", "base64": ENCODED}, "list": [1]},
        body={"encoding": "multipart_related", "file": "file"},
    )
    kind, _, boundary = request.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/related"
    line = b"--" + boundary.encode()
    assert request.body == b"".join(
        (
            line + b"\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n",
            b'{"name":"a","list":[1]}\r\n',
            line + b"\r\nContent-Type: image/png\r\n\r\n",
            CONTENT + b"\r\n",
            line + b"--\r\n",
        )
    )
    for parameters in ({}, {"name": "a"}, {"file": None}):
        assert refused(
            "POST",
            "/x",
            parameters,
            transform_config={"body": {"encoding": "multipart_related", "file": "file"}},
        ) == [Fault("/parameters/file", "is required, it is the file to send.")]


def test_a_boundary_is_sent_whatever_content_type_the_row_sets() -> None:
    headers = {"Content-Type": "application/vnd.api+json"}
    for body in ({"encoding": "multipart"}, {"encoding": "multipart_related", "file": "f"}):
        request = sent({"a": 1, "f": ENCODED}, body=body, headers=headers)
        assert "; boundary=" in request.headers["content-type"]
    for body in ({"encoding": "json"}, {"encoding": "form"}, {"encoding": "xml", "root": "x"}):
        request = sent({"a": 1}, body=body, headers=headers)
        assert request.headers["content-type"] == "application/vnd.api+json"
