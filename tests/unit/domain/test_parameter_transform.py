"""What operations make of parameters, and which faults they find. Each one's own example is in
docs/reference/operations.md.
"""

import json
from typing import Any

import msgspec
import pytest

from portway.domain.errors import InvalidIntegrationConfig, InvalidParameters
from portway.domain.json_value import JsonValue
from portway.domain.operation import Operation
from portway.domain.rules.parameter_origin import origin
from portway.domain.rules.parameter_transform import check_operations, transform_parameters


class AFile(dict[str, JsonValue]):
    """A value of its own kind, as an uploaded file is."""


def operations(*documents: dict[str, Any]) -> tuple[Operation, ...]:
    return msgspec.convert(documents, tuple[Operation, ...])


def after(parameters: dict[str, Any], *documents: dict[str, Any]) -> dict[str, JsonValue]:
    return transform_parameters(parameters, operations(*documents))


def one(op: str, written: JsonValue, **members: JsonValue) -> JsonValue:
    """What an operation makes of one value."""
    return after({"a": written}, {"op": op, "parameter": "a", **members})["a"]


def faults(parameters: dict[str, Any], *documents: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidParameters) as raised:
        after(parameters, *documents)
    return [(fault.pointer, fault.message) for fault in raised.value.faults]


def test_operations_apply_in_order() -> None:
    documents = (
        {"op": "default", "parameter": "option", "value": "USER_ENTERED"},
        {"op": "rename", "parameter": "option", "to": "valueInputOption"},
        {"op": "wrap_array", "parameter": "values"},
        {"op": "constant", "parameter": "dimension", "value": "ROWS"},
    )
    assert after({"values": [1, 2, 3], "dimension": "x"}, *documents) == {
        "values": [[1, 2, 3]],
        "valueInputOption": "USER_ENTERED",
        "dimension": "ROWS",
    }
    assert after({"option": "RAW"}, *documents)["valueInputOption"] == "RAW"


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ([1, 2, 3], [[1, 2, 3]]),
        ([[1, 2], [3]], [[1, 2], [3]]),
        ("x", [["x"]]),
        ([], [[]]),
        ([[]], [[]]),
        ([[1], 2], [[[1], 2]]),
    ],
)
def test_a_row_becomes_a_table(written: JsonValue, sent: JsonValue) -> None:
    assert one("wrap_array", written) == sent


def test_a_new_name_takes_the_place_of_the_old_one() -> None:
    renamed = after({"a": 1, "b": 2, "c": 3}, {"op": "rename", "parameter": "a", "to": "c"})
    assert json.dumps(renamed) == '{"c": 1, "b": 2}'


def test_members_of_every_item_are_renamed() -> None:
    people = {"people": [{"mail": "a"}, {"mail": "b", "x": 1}, {"x": 2}, "c"], "mail": "d"}
    assert after(people, {"op": "rename", "parameter": "/people/*/mail", "to": "email"}) == {
        "people": [{"email": "a"}, {"email": "b", "x": 1}, {"x": 2}, "c"],
        "mail": "d",
    }


def test_names_with_slash_tilde_and_star() -> None:
    assert after({"a/b": {"c~d": 1}}, {"op": "to_string", "parameter": "/a~1b/c~0d"}) == {"a/b": {"c~d": "1"}}
    assert after({"": {"": 1}}, {"op": "to_string", "parameter": "//"}) == {"": {"": "1"}}
    # Without a slash in front it is a name, whatever it is.
    assert after({"*": 1, "a~b/c": 2, "d": 3}, {"op": "remove", "parameter": "*"}) == {"a~b/c": 2, "d": 3}
    assert after({"a~b/c": 2}, {"op": "remove", "parameter": "a~b/c"}) == {}


def test_every_member_and_every_item() -> None:
    nested: dict[str, Any] = {"a": {"x": [1, 2], "y": [3]}, "b": 4}
    assert after(nested, {"op": "to_string", "parameter": "/a/*/*"}) == {
        "a": {"x": ["1", "2"], "y": ["3"]},
        "b": 4,
    }
    assert after(nested, {"op": "remove", "parameter": "/a/*/0"}) == {"a": {"x": [2], "y": []}, "b": 4}
    assert after(nested, {"op": "remove", "parameter": "/*"}) == {}


def test_indexes_are_those_of_rfc_6901() -> None:
    for no_index in ("01", "-", "-1", "3", "1.0", "\u0661", " 1"):
        assert after({"a": [1, 2, 3]}, {"op": "remove", "parameter": f"/a/{no_index}"}) == {"a": [1, 2, 3]}
    assert after({"a": [1, 2, 3]}, {"op": "remove", "parameter": "/a/1"}) == {"a": [1, 3]}


def test_a_parameter_moves_into_another_out_of_it_and_below_its_own_name() -> None:
    assert after({"s": 1, "m": {"t": 2}}, {"op": "move", "parameter": "s", "to": "/m/u/s"}) == {
        "m": {"t": 2, "u": {"s": 1}}
    }
    assert after({"m": {"t": 2, "u": 3}}, {"op": "move", "parameter": "/m/t", "to": "t"}) == {
        "m": {"u": 3},
        "t": 2,
    }
    assert after({"start": "x"}, {"op": "move", "parameter": "start", "to": "/start/dateTime"}) == {
        "start": {"dateTime": "x"}
    }
    assert after({"a": [{"b": 1}], "c": 2}, {"op": "move", "parameter": "c", "to": "/a/0/c"}) == {
        "a": [{"b": 1, "c": 2}]
    }


def test_all_parameters_but_some_are_nested() -> None:
    nest = {"op": "nest", "to": "/record/fields", "keep": ["table"]}
    assert after({"table": "t", "a": 1, "b": 2}, nest) == {
        "table": "t",
        "record": {"fields": {"a": 1, "b": 2}},
    }
    assert after({"table": "t"}, nest) == {"table": "t"}
    joined = after({"record": {"fields": {"a": 0, "z": 9}, "typecast": True}, "a": 1}, nest)
    assert joined == {"record": {"fields": {"a": 1, "z": 9}, "typecast": True}}


def test_null_is_a_value_but_nothing_to_change() -> None:
    for op in (
        "wrap_array",
        "join",
        "split",
        "to_string",
        "json_encode",
        "base64_encode",
        "base64url_encode",
    ):
        assert one(op, None) is None
    assert one("format_date", None, format="unix") is None
    assert one("default", None, value=1) is None
    assert after({"a": None}, {"op": "rename", "parameter": "a", "to": "b"}) == {"b": None}
    assert "c" not in after({"a": None}, {"op": "template", "parameter": "c", "template": "{a}"})


@pytest.mark.parametrize(
    ("op", "members", "value", "text"),
    [
        ("join", {}, ["a", 1, 1.5, True], "a,1,1.5,true"),
        ("join", {"separator": ""}, ["a", "b"], "ab"),
        ("join", {}, [], ""),
        ("join", {}, "a, b", "a, b"),
        ("split", {}, " a,, b ,", ["a", "b"]),
        ("split", {"separator": "||"}, "a|b||c", ["a|b", "c"]),
        ("split", {}, ["a", "b,c"], ["a", "b,c"]),
        ("split", {}, 5, ["5"]),
        ("split", {}, "", []),
        ("to_string", {}, 1e22, "1e+22"),
        ("to_string", {}, False, "false"),
        ("to_string", {}, "a", "a"),
        ("json_encode", {}, {"a": ["ü", None, "\n"]}, '{"a":["ü",null,"\\n"]}'),
        ("json_encode", {}, "a", '"a"'),
        ("base64_encode", {}, "ü?>~", "w7w/Pn4="),
        ("base64url_encode", {}, "ü?>~", "w7w_Pn4"),
    ],
)
def test_texts(op: str, members: dict[str, JsonValue], value: JsonValue, text: JsonValue) -> None:
    assert one(op, value, **members) == text


@pytest.mark.parametrize(
    ("written", "name", "sent"),
    [
        ("2026-11-25T13:00:00+01:00", "rfc3339", "2026-11-25T12:00:00Z"),
        ("2026-11-25T13:00:00+01:00", "unix", 1795608000),
        ("2026-11-25t12:00:00z", "rfc5322", "Wed, 25 Nov 2026 12:00:00 GMT"),
        (" 2026-11-25 12:00:00Z ", "iso8601_basic", "20261125T120000Z"),
        ("2026-11-25T23:30:00-01:00", "date", "2026-11-26"),
        ("2026-11-25", "unix", 1795564800),
        ("2026-11-25", "date", "2026-11-25"),
        ("2026-11-25T12:00:00.123Z", "unix_ms", 1795608000123),
        ("2026-11-25T12:00:00.1239999Z", "unix_ms", 1795608000123),
        ("2026-11-25T12:00:00.5Z", "rfc3339", "2026-11-25T12:00:00.500000Z"),
        (1795608000, "rfc3339", "2026-11-25T12:00:00Z"),
        (1795608000.9, "unix", 1795608000),
        (0, "rfc3339", "1970-01-01T00:00:00Z"),
        (-0.5, "unix", -1),
        ("0099-01-01T00:00:00Z", "iso8601_basic", "00990101T000000Z"),
    ],
)
def test_dates(written: JsonValue, name: str, sent: JsonValue) -> None:
    assert one("format_date", written, format=name) == sent


@pytest.mark.parametrize(
    "written",
    [
        "",
        "tomorrow",
        "1795608000",
        "2026-11-25T12:00:00",
        "2026-W48-3",
        "20261125T120000Z",
        "2026-02-30",
        "2026-11-25T24:00:00Z",
        "2026-11-25T12:00:00+25:00",
        "0001-01-01T00:00:00+01:00",
        "\u0662026-11-25",
        True,
        1e300,
        10**400,
        [],
        {"date": 1},
    ],
)
def test_what_is_no_date(written: JsonValue) -> None:
    found = faults({"a": written}, {"op": "format_date", "parameter": "a", "format": "unix"})
    assert found == [
        ("/parameters/a", "must be a time such as 2026-11-25T12:00:00Z, a date, or seconds since 1970.")
    ]


@pytest.mark.parametrize(
    ("document", "value", "pointer"),
    [
        ({"op": "join", "parameter": "a"}, {"b": 1}, "/parameters/a"),
        ({"op": "join", "parameter": "a"}, ["b", {"c": 1}], "/parameters/a/1"),
        ({"op": "join", "parameter": "/a/*/b"}, [{}, {"b": ["c", None]}], "/parameters/a/1/b/1"),
        ({"op": "split", "parameter": "a"}, {}, "/parameters/a"),
        ({"op": "to_string", "parameter": "a"}, [1], "/parameters/a"),
        ({"op": "json_encode", "parameter": "a"}, ["\ud800"], "/parameters/a"),
        ({"op": "json_encode", "parameter": "a"}, [AFile(x=1)], "/parameters/a"),
        ({"op": "json_encode", "parameter": "a"}, float("nan"), "/parameters/a"),
        ({"op": "base64_encode", "parameter": "a"}, 1, "/parameters/a"),
        ({"op": "base64url_encode", "parameter": "/a/b~1c"}, {"b/c": "\udfff"}, "/parameters/a/b~1c"),
        ({"op": "template", "parameter": "b", "template": "{a}"}, [1], "/parameters/a"),
        ({"op": "template", "parameter": "/a/b", "template": "x"}, 1, "/parameters/a"),
        ({"op": "nest", "to": "a", "parameters": ["b"]}, 1, "/parameters/a"),
        ({"op": "nest", "to": "a", "parameters": ["b"]}, AFile(x=1), "/parameters/a"),
        ({"op": "move", "parameter": "b", "to": "/a/c"}, None, "/parameters/a"),
        ({"op": "move", "parameter": "b", "to": "/a/1"}, [0], "/parameters/a"),
        ({"op": "constant", "parameter": "/a/b/c", "value": 1}, {"b": "x"}, "/parameters/a/b"),
        ({"op": "default", "parameter": "/a/b", "value": 1}, AFile(x=1), "/parameters/a"),
    ],
)
def test_what_an_operation_cannot_take(document: dict[str, Any], value: JsonValue, pointer: str) -> None:
    assert [where for where, _ in faults({"a": value, "b": "x"}, document)] == [pointer]


def test_a_number_that_is_too_long_is_a_fault() -> None:
    found = faults({"a": 10**5000}, {"op": "to_string", "parameter": "a"})
    assert found == [("/parameters/a", "cannot be written as JSON.")]


def test_json_that_is_nested_too_deeply_is_a_fault() -> None:
    deep: JsonValue = []
    for _ in range(100_000):
        deep = [deep]
    found = faults({"a": deep}, {"op": "json_encode", "parameter": "a"})
    assert found == [("/parameters/a", "cannot be written as JSON.")]


@pytest.mark.parametrize(
    ("parameters", "documents", "pointer"),
    [
        ({"old": {}}, [{"op": "rename", "parameter": "old", "to": "a"}], "/parameters/old"),
        ({"a": {}}, [{"op": "rename", "parameter": "old", "to": "a"}], "/parameters/a"),
        ({"x": {"y": {}}}, [{"op": "move", "parameter": "/x/y", "to": "a"}], "/parameters/x/y"),
        (
            {"x": 1, "old": {}},
            [
                {"op": "nest", "to": "/b/c"},
                {"op": "rename", "parameter": "/b/c/old", "to": "new"},
                {"op": "move", "parameter": "/b/c/new", "to": "a"},
            ],
            "/parameters/old",
        ),
    ],
)
def test_a_fault_points_to_what_the_caller_wrote(
    parameters: dict[str, Any], documents: list[dict[str, Any]], pointer: str
) -> None:
    found = faults(parameters, *documents, {"op": "to_string", "parameter": "a"})
    assert [where for where, _ in found] == [pointer]


def test_a_fault_within_a_part_points_no_further_than_the_caller_wrote() -> None:
    wrapped = faults(
        {"a": ["x", {}]}, {"op": "wrap_array", "parameter": "a"}, {"op": "to_string", "parameter": "/a/*/*"}
    )
    assert [where for where, _ in wrapped] == ["/parameters/a"]
    shifted = faults(
        {"a": ["", "x", {"y": 1}]},
        {"op": "omit_empty", "parameters": ["/a/*"]},
        {"op": "to_string", "parameter": "/a/*"},
    )
    assert [where for where, _ in shifted] == ["/parameters/a"]
    renamed = faults(
        {"a": [{"b": 1}, {"b": []}]},
        {"op": "rename", "parameter": "/a/*/b", "to": "c"},
        {"op": "base64_encode", "parameter": "/a/1/c"},
    )
    assert [where for where, _ in renamed] == ["/parameters/a/1/b"]


@pytest.mark.parametrize(
    "first",
    [
        {"op": "constant", "parameter": "a", "value": [[]]},
        {"op": "default", "parameter": "a", "value": {}},
        {"op": "constant", "parameter": "/a/b", "value": 1},
    ],
)
def test_what_the_row_set_itself_is_the_rows_fault(first: dict[str, Any]) -> None:
    with pytest.raises(
        InvalidIntegrationConfig, match=r"transform_config\.parameters\[1\]: .*must be a text"
    ):
        after({"b": 1}, first, {"op": "to_string", "parameter": "a"})


@pytest.mark.parametrize(
    "document",
    [
        {"op": "to_string", "parameter": "/a~2"},
        {"op": "remove", "parameter": "/a~"},
        {"op": "remove", "parameter": "/a" * 51},
        {"op": "omit_empty", "parameters": ["a", "/~"]},
        {"op": "rename", "parameter": "/a/*", "to": "b"},
        {"op": "move", "parameter": "/a/*", "to": "b"},
        {"op": "move", "parameter": "a", "to": "/b/*"},
        {"op": "nest", "to": "/b/*"},
        {"op": "constant", "parameter": "/*", "value": 1},
        {"op": "default", "parameter": "/a/*/b", "value": 1},
        {"op": "template", "parameter": "/b/*", "template": "{a}"},
        {"op": "template", "parameter": "b", "template": "{a"},
        {"op": "template", "parameter": "b", "template": "a}"},
        {"op": "template", "parameter": "b", "template": "{}"},
        {"op": "template", "parameter": "b", "template": "{{{a}}}}"},
    ],
)
def test_operations_that_make_no_sense_are_named(document: dict[str, Any]) -> None:
    broken = operations({"op": "wrap_array", "parameter": "c"}, document)
    with pytest.raises(InvalidIntegrationConfig, match=r"^transform_config\.parameters\[1\]: ") as checked:
        check_operations(broken)
    for parameters in ({}, {"a": "x"}):
        with pytest.raises(InvalidIntegrationConfig) as applied:
            transform_parameters(parameters, broken)
        assert applied.value.detail == checked.value.detail


def test_files_are_moved_and_never_taken_apart() -> None:
    file = AFile(filename="a.txt")
    moved = after(
        {"file": file, "files": [file]},
        {"op": "rename", "parameter": "file", "to": "media"},
        {"op": "move", "parameter": "media", "to": "/upload/media"},
        {"op": "nest", "to": "request"},
        {"op": "omit_empty"},
        {"op": "remove", "parameter": "/request/upload/media/filename"},
        {"op": "rename", "parameter": "/request/files/*/filename", "to": "name"},
        {"op": "to_string", "parameter": "/request/files/*/*"},
    )
    request: Any = moved["request"]
    assert request["upload"]["media"] is file
    assert request["files"][0] is file
    assert file == {"filename": "a.txt"}


@pytest.mark.parametrize(
    ("documents", "name", "written"),
    [
        ([], "a", "a"),
        ([{"op": "rename", "parameter": "old", "to": "a"}], "a", "old"),
        ([{"op": "rename", "parameter": "old", "to": "a"}], "b", "b"),
        ([{"op": "rename", "parameter": "/x/old", "to": "a"}], "a", "a"),
        ([{"op": "move", "parameter": "/x/y", "to": "a"}], "a", "x"),
        (
            [
                {"op": "rename", "parameter": "title", "to": "subject"},
                {"op": "move", "parameter": "subject", "to": "/a/subject"},
                {"op": "move", "parameter": "text", "to": "/a/text"},
            ],
            "a",
            "title",
        ),
        (
            [
                {"op": "move", "parameter": "b", "to": "/m/b"},
                {"op": "rename", "parameter": "m", "to": "a"},
            ],
            "a",
            "b",
        ),
        ([{"op": "nest", "to": "a", "parameters": ["x", "y"]}], "a", "x"),
        ([{"op": "nest", "to": "/a/fields"}], "a", "a"),
        ([{"op": "template", "parameter": "a", "template": "{{{first}}} {last}"}], "a", "first"),
        ([{"op": "template", "parameter": "a", "template": "all"}], "a", None),
        ([{"op": "constant", "parameter": "a", "value": 1}], "a", None),
        ([{"op": "constant", "parameter": "/a/b", "value": 1}], "a", "a"),
        (
            [
                {"op": "constant", "parameter": "b", "value": 1},
                {"op": "rename", "parameter": "b", "to": "a"},
            ],
            "a",
            None,
        ),
        ([{"op": "default", "parameter": "a", "value": 1}], "a", "a"),
        ([{"op": "join", "parameter": "a"}, {"op": "remove", "parameter": "b"}], "a", "a"),
    ],
)
def test_what_the_caller_calls_it(documents: list[dict[str, Any]], name: str, written: str | None) -> None:
    place = origin(operations(*documents), (name,))
    assert (None if place is None else place[0]) == written
