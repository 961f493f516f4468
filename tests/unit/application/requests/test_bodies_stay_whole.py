"""No value leaves its place in a body: each is read back by a parser that knows nothing of how it was written."""

import base64
import json
import secrets
from email import message_from_bytes
from email.policy import HTTP
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, unquote_plus
from xml.parsers import expat

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from python_multipart import parse_form
from python_multipart.multipart import parse_options_header

from portway.domain.errors import InvalidParameters
from portway.domain.json_value import JsonValue
from tests.unit.application.requests.building import CHARACTERS, NASTY, body_of, sent
from tests.unit.domain.json_values import OBJECTS

TEXTS = CHARACTERS | NASTY | st.just("")
NAMES = CHARACTERS | NASTY
CONTENTS = st.binary(max_size=60) | st.sampled_from(
    [b"--portway-", b"\r\n--portway-0\r\n", b"--\r\n", b"\r\n\r\n", b"\r\n--", b"--"]
)


def escaped(name: str) -> str:
    return "".join(
        f"%{ord(character):02X}" if character in '"\\\x7f' or character < " " else character
        for character in name
    )


def decoded(written: bytes | None) -> str:
    return unquote_plus((written or b"").decode("ascii"))


# Forms


@given(parameters=st.dictionaries(NAMES, TEXTS | st.lists(TEXTS, min_size=1, max_size=3), max_size=4))
def test_a_form_holds_what_was_given(parameters: dict[str, str | list[str]]) -> None:
    body = sent(parameters, body={"encoding": "form"}).body or b""
    assert isinstance(body, bytes)
    expected = [
        (name, item)
        for name, value in parameters.items()
        for item in (value if isinstance(value, list) else [value])
    ]
    assert parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body)) == expected
    read: list[tuple[str, str]] = []
    parse_form(
        {"Content-Type": b"application/x-www-form-urlencoded"},
        BytesIO(body),
        lambda pair: read.append((decoded(pair.field_name), decoded(pair.value))),
        lambda _: pytest.fail("a file"),
    )
    assert read == expected


# Multipart


def read_form(content_type: str, body: bytes) -> list[tuple[str, str | None, bytes]]:
    """Name, file name and content of each part, as python-multipart reads them."""
    read: list[tuple[str, str | None, bytes]] = []

    def on_field(field: Any) -> None:
        read.append((field.field_name.decode(), None, field.value or b""))

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        read.append((file.field_name.decode(), file.file_name.decode(), file.file_object.read()))

    parse_form({"Content-Type": content_type.encode()}, BytesIO(body), on_field, on_file)
    return read


@given(
    fields=st.dictionaries(NAMES, TEXTS, max_size=3),
    filename=NAMES,
    content=CONTENTS,
    kind=st.sampled_from(["image/png", "application/pdf"]),
)
@example(
    fields={'a"; filename="b': '\r\n--x\r\nContent-Disposition: form-data; name="b"'},
    filename='a"\r\nX: y',
    content=b"",
    kind="image/png",
)
@example(fields={"a\\": "b"}, filename="c\\", content=b"x", kind="image/png")
def test_a_multipart_form_holds_what_was_given(
    fields: dict[str, str], filename: str, content: bytes, kind: str
) -> None:
    assume("file" not in fields)
    file = {"filename": filename, "content_type": kind, "base64": base64.b64encode(content).decode()}
    request = sent({**fields, "file": file}, body={"encoding": "multipart", "files": ["file"]})
    assert isinstance(request.body, bytes)
    content_type = request.headers["content-type"]

    expected = [(escaped(name), None, text.encode()) for name, text in fields.items()]
    assert read_form(content_type, request.body) == [*expected, ("file", escaped(filename), content)]

    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + request.body, policy=HTTP)
    assert not message.defects
    parts = list(message.iter_parts())
    assert len(parts) == len(fields) + 1
    assert [set(part.keys()) for part in parts] == [
        *({"Content-Disposition"} for _ in fields),
        {"Content-Disposition", "Content-Type"},
    ]
    assert parts[-1].get_content_type() == kind


@given(metadata=OBJECTS, content=CONTENTS)
def test_related_parts_hold_what_was_given(metadata: dict[str, JsonValue], content: bytes) -> None:
    assume("file" not in metadata)
    parameters = {**metadata, "file": base64.b64encode(content).decode()}
    request = sent(parameters, body={"encoding": "multipart_related", "file": "file"})
    assert isinstance(request.body, bytes)
    kind, options = parse_options_header(request.headers["content-type"])
    assert kind == b"multipart/related"
    boundary = options[b"boundary"]
    first, second = request.body.removesuffix(b"\r\n--" + boundary + b"--\r\n").split(
        b"--" + boundary + b"\r\n"
    )[1:]
    assert json.loads(first.partition(b"\r\n\r\n")[2]) == metadata
    assert second == b"Content-Type: application/octet-stream\r\n\r\n" + content


def test_a_boundary_is_not_in_the_content(monkeypatch: pytest.MonkeyPatch) -> None:
    guesses = iter(["taken", "taken", "in-a-name", "free"])
    monkeypatch.setattr(secrets, "token_hex", lambda _: next(guesses))
    request = sent({"a": "x portway-taken", "portway-in-a-name": 1}, body={"encoding": "multipart"})
    assert request.headers["content-type"] == "multipart/form-data; boundary=portway-free"


# XML


def read_xml(document: bytes) -> tuple[str, dict[str, str], list[Any]]:
    """Name, attributes and content of the root, as expat reads them."""
    stack: list[tuple[str, dict[str, str], list[Any]]] = [("", {}, [])]

    def start(name: str, attributes: dict[str, str]) -> None:
        element: tuple[str, dict[str, str], list[Any]] = (name, attributes, [])
        stack[-1][2].append(element)
        stack.append(element)

    def text(data: str) -> None:
        content = stack[-1][2]
        if content and isinstance(content[-1], str):
            content[-1] += data
        else:
            content.append(data)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop()
    parser.CharacterDataHandler = text
    for kind in ("CommentHandler", "ProcessingInstructionHandler", "StartDoctypeDeclHandler"):
        setattr(parser, kind, lambda *_: pytest.fail("more than elements"))
    parser.StartCdataSectionHandler = lambda: pytest.fail("more than elements")
    parser.Parse(document, True)  # noqa: FBT003
    assert len(stack) == len(stack[0][2]) == 1
    root: tuple[str, dict[str, str], list[Any]] = stack[0][2][0]
    return root


XML_TEXTS = st.text(st.sampled_from("<>&'\"]]>\t\n/!?=-[CDAT x\x85\u2028ü%;")) | st.text(
    st.characters(codec="utf-8"), max_size=12
)


@given(text=XML_TEXTS, attribute=XML_TEXTS, items=st.lists(XML_TEXTS, min_size=1, max_size=3))
@example(text="]]></a><b>", attribute='"><x y="', items=["<!-- ", "&amp;"])
def test_a_text_stays_a_text_in_xml(text: str, attribute: str, items: list[str]) -> None:
    parameters = {"a": {"@b": attribute, "#text": text}, "item": items}
    try:
        document = body_of(parameters, body={"encoding": "xml", "root": "r", "attributes": {"v": "1"}})
    except InvalidParameters:
        everything = "".join([text, attribute, *items])
        assert any(ord(c) < 32 and c not in "\t\n\r" for c in everything) or set(everything) & set(
            "\ufffe\uffff"
        )
        return

    def read(written: str) -> list[str]:
        # XML has one kind of line end (XML 1.0, section 2.11).
        return [written.replace("\r\n", "\n").replace("\r", "\n")] if written else []

    assert read_xml(document) == (
        "r",
        {"v": "1"},
        [("a", {"b": attribute}, read(text)), *(("item", {}, read(item)) for item in items)],
    )


@given(name=NAMES | st.text(st.sampled_from("<>/ab=\"' x:-!?"), min_size=1, max_size=6), deep=st.booleans())
def test_a_name_stays_a_name_in_xml(name: str, deep: bool) -> None:
    parameters = {"a": {name: "1"}} if deep else {name: "1"}
    try:
        _, attributes, content = read_xml(body_of(parameters, body={"encoding": "xml", "root": "r"}))
    except InvalidParameters:
        return
    if deep:
        ((_, attributes, content),) = content
    if name == "#text":
        assert content == ["1"]
    elif name.startswith("@"):
        assert attributes == {name[1:]: "1"}
    else:
        assert content == [(name, {}, ["1"])]


# JSON and GraphQL


@given(variables=OBJECTS)
def test_variables_stay_variables(variables: dict[str, JsonValue]) -> None:
    query = "query ($id: ID) { a(id: $id) }"
    body = body_of(variables, body={"encoding": "graphql", "query": query})
    assert json.loads(body) == {"query": query, "variables": variables}


# Cookies


@given(parameters=st.dictionaries(st.sampled_from(["a", "b", "c"]), TEXTS | st.lists(TEXTS, max_size=3)))
def test_a_cookie_stays_one(parameters: dict[str, str | list[str]]) -> None:
    request = sent(parameters, locations=dict.fromkeys("abc", "cookie"), headers={"cookie": "fixed=1"})
    header = request.headers["cookie"]
    # RFC 6265, section 4.1.1
    allowed = set("!#$%&'()*+-./:<=>?@[]^_`{|}~; ") | set("0123456789") | set(map(chr, range(65, 123)))
    assert set(header) <= allowed - set('"\\,')
    expected = [("fixed", "1")]
    for name, value in parameters.items():
        expected += [(name, item) for item in (value if isinstance(value, list) else [value])]
    assert parse_qsl("&".join(header.split("; ")), keep_blank_values=True) == expected
