"""Any JSON, in any place and encoding: the request is built, or the caller is told where the parameters are wrong."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.language.transform_config import Body
from portway.application.requests.files import UploadedFile
from portway.domain.errors import InvalidParameters
from portway.domain.json_value import JsonValue
from portway.domain.parameter_pointer import parameter_pointer
from tests.unit.application.requests.building import CHARACTERS, HALF, NASTY, Held, broken, pointers, sent

UPLOADED = UploadedFile("a.txt", "text/plain", Held(b"x"))
NAMES = CHARACTERS | NASTY | HALF | st.sampled_from(["", "@a", "#text", "a[b]", "__proto__"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | NAMES | st.sampled_from([2**64, -(2**64)])
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    LEAVES | st.just(UPLOADED),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
BODIES: list[dict[str, Any]] = [
    {"encoding": "json"},
    {"encoding": "json", "parameter": "f"},
    {"encoding": "form", "style": "brackets"},
    {"encoding": "multipart"},
    {"encoding": "multipart", "files": ["f"]},
    {"encoding": "multipart_related", "file": "f"},
    {"encoding": "raw", "file": "f"},
    {"encoding": "xml", "root": "r", "attributes": {"a": "1"}},
    {"encoding": "graphql", "query": "{ a }"},
    {"encoding": "none"},
]


def test_every_encoding_is_among_them() -> None:
    assert {body["encoding"] for body in BODIES} == {kind.__struct_config__.tag for kind in get_args(Body)}


@given(body=st.sampled_from(BODIES), parameters=st.dictionaries(NAMES, ANYTHING, max_size=3), file=ANYTHING)
def test_a_body_of_anything(body: dict[str, Any], parameters: dict[str, JsonValue], file: JsonValue) -> None:
    try:
        request = sent({**parameters, "f": file}, body=body)
    except InvalidParameters as error:
        assert {fault.pointer for fault in error.faults} - {"/parameters"} == {  # noqa: PT017
            fault.pointer
            for fault in error.faults
            for name in (*parameters, "f")
            if f"{fault.pointer}/".startswith(f"{parameter_pointer(name)}/")
        }
    else:
        assert request.url.isascii()
        assert all("\r" not in text and "\n" not in text for text in request.headers.values())


def nested(depth: int, *, in_lists: bool) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if in_lists else {"a": value}
    return value


@pytest.mark.parametrize("in_lists", [True, False])
@pytest.mark.parametrize("body", BODIES, ids=str)
def test_what_is_nested_beyond_all_measure(body: dict[str, Any], in_lists: bool) -> None:
    assert pointers({"f": nested(100_000, in_lists=in_lists)}, body=body)


@pytest.mark.parametrize("style", ["form", "deepObject", "brackets", "json", "pipeDelimited"])
def test_what_is_nested_beyond_all_measure_in_a_query(style: str) -> None:
    locations = {"f": {"in": "query", "style": style}}
    assert pointers({"f": nested(100_000, in_lists=False)}, locations=locations) == ["/parameters/f"]


# Where the caller wrote it, whatever it was called by then


@pytest.mark.parametrize(
    ("operations", "parameters", "pointer"),
    [
        ([{"op": "rename", "parameter": "a/b", "to": "f"}], {"f": "!"}, "/parameters/a~1b"),
        ([{"op": "move", "parameter": "/x/y", "to": "f"}], {"f": "!"}, "/parameters/x/y"),
        (
            [
                {"op": "rename", "parameter": "one", "to": "two"},
                {"op": "move", "parameter": "two", "to": "/f"},
            ],
            {"f": "!"},
            "/parameters/one",
        ),
        (
            [{"op": "move", "parameter": "note", "to": "/f/base64"}],
            {"f": {"base64": "!"}},
            "/parameters/note",
        ),
        (
            [{"op": "nest", "to": "f", "parameters": ["filename", "base64"]}],
            {"f": {"filename": "x", "base64": "!"}},
            "/parameters/base64",
        ),
        (
            [{"op": "move", "parameter": "/a/file", "to": "f"}],
            {"f": {"filename": 5, "base64": ""}},
            "/parameters/a/file/filename",
        ),
    ],
)
def test_a_fault_is_where_the_caller_wrote_it(
    operations: list[dict[str, Any]], parameters: dict[str, Any], pointer: str
) -> None:
    for body in ({"encoding": "raw", "file": "f"}, {"encoding": "multipart", "files": ["f"]}):
        assert pointers(parameters, parameters=operations, body=body) == [pointer]


@pytest.mark.parametrize("operation", [{"op": "constant", "parameter": "f", "value": "!"}])
@pytest.mark.parametrize(
    "body", [{"encoding": "raw", "file": "f"}, {"encoding": "multipart", "files": ["f"]}]
)
def test_a_file_that_the_row_sets_is_the_rows_fault(operation: dict[str, Any], body: dict[str, Any]) -> None:
    says = {"parameters": [operation], "body": body}
    assert broken("POST", "/x", {"f": "!"}, transform_config=says) == (
        "Action 'do-it': The parameter 'f', which the row itself sets, is not base64."
    )
