import json
import time
import tracemalloc
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.language.expression import MAX_DEPTH, MAX_LENGTH, MAX_NODES, compiled, is_true
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonValue
from tests.unit.domain.json_values import VALUES

MEMBER = "response.data"


def search(text: str, value: Any) -> JsonValue:
    return compiled(text, MEMBER).search(value)


# What it finds

BODY: JsonValue = {
    "ok": True,
    "count": 3,
    "name": "ü",
    "items": [{"id": 2, "tags": ["a"], "state": "open"}, {"id": 1, "tags": [], "state": "closed"}, {"id": 3}],
    "paging": {"next": {"after": "x"}, "": 1},
    "pairs": [[1, 2], [3], 4],
    "empty": [],
    "nothing": None,
}


@pytest.mark.parametrize(
    "text",
    ["@", "ok", "paging.next.after", "paging.*.after", "items[0].id", "items[-1].id", "items[9]", "items[*].id",
     "items[1:].id", "items[::-1].id", "pairs[]", "pairs[][]", "items[].{id: id, first: tags[0]}",
     "items[].[id, state]", "items[?state=='open'].id", "items[?id > `1`].id", "items[?id >= `2` && state].id",
     "items[?!state]", "ok && count", "nothing || name", "items | [0]", "count == `3`", "count != `3`",
     "name < count", "ok == `1`", "items == items", "length(items)", "sort_by(items, &id)[].id",
     "max_by(items, &id).id", "min_by(items, &id).state", "map(&id, items)", "join(', ', ['a', name])",
     "to_string(items)", "to_string(name)", "to_number('7')", "to_number('x')", "contains(name, 'ü')",
     "contains(items[].id, `2`)", "keys(paging)", "values(paging)", "merge(paging, {a: ok})",
     "not_null(nothing, count)",
     "reverse(items)[].id", "reverse(name)", "sum(items[].id)", "avg(items[].id)", "sum(empty)", "max(items[].id)",
     "sort(['b', 'a'])", "starts_with(name, 'ü')", "ends_with(name, 'x')", "type(items)", "to_array(name)",
     "abs(`-1`)", "ceil(`1.2`)", "floor(`1.2`)", "`{\"a\": [1]}`", "'raw'", '"paging"."next"',
     "no.such.thing"],
)  # fmt: skip
def test_it_finds_what_the_library_finds(text: str) -> None:
    try:
        expected = jmespath.search(text, BODY)
    except TypeError:
        expected = None  # a text and a number are not compared
    assert search(text, BODY) == expected


NAMES = st.sampled_from(["a", "b", "c"])
EXPRESSIONS = st.recursive(
    st.sampled_from(["@", "a", "b", "`1`", "'a'", "`[]`", "*", "[0]", "[]", "[*]", "[1:]"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" | ".join),
        st.tuples(inner, inner).map(" || ".join),
        st.tuples(inner, inner).map(" == ".join),
        st.tuples(inner, inner).map(" < ".join),
        inner.map("!({})".format),
        inner.map("[{0}, {0}]".format),
        inner.map("{{a: {0}, b: @}}".format),
        inner.map("[?{}]".format),
        st.tuples(st.sampled_from(["length", "to_string", "keys", "values", "sort", "sum", "avg", "reverse", "to_array",
                                   "to_number", "max", "abs", "type"]), inner).map("{0[0]}({0[1]})".format),
        st.tuples(st.sampled_from(["sort_by", "max_by"]), inner, inner).map("{0[0]}({0[1]}, &{0[2]})".format),
        inner.map("map(&{}, @)".format),
    ),
    max_leaves=6,
)  # fmt: skip


@given(EXPRESSIONS, VALUES)
def test_on_any_value_it_finds_json_or_says_why_not(text: str, value: JsonValue) -> None:
    expression = compiled(text, MEMBER)
    found = expression.find(value)
    json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
    try:
        assert expression.search(value) == found
    except InvalidIntegrationConfig:
        assert found is None


# What does not fit the value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("length(count)", "length() takes string or array or object, and got number."),
        ("length(absent)", "length() takes string or array or object, and got null."),
        ("sum(items)", "sum() takes array-number, and got dict."),
        ("sort_by(items, &state)", "sort_by() takes string, and got null."),
        ("keys(name)", "keys() takes object, and got string."),
        ("join(', ', items)", "join() takes array-string, and got dict."),
    ],
)
def test_a_function_that_does_not_fit(text: str, reason: str) -> None:
    with pytest.raises(InvalidIntegrationConfig) as error:
        search(text, BODY)
    assert error.value.detail == f"transform_config.response.data does not fit the service's answer: {reason}"
    assert compiled(text, MEMBER).find(BODY) is None


@pytest.mark.parametrize("text", ["length(c)", "sort_by(b, &a)", "sum([a])", "abs(a)", "keys(b)"])
def test_no_error_tells_what_is_in_the_body(text: str) -> None:
    with pytest.raises(InvalidIntegrationConfig) as error:
        search(text, {"a": {"s3cret": "s3cret"}, "b": [{"a": ["s3cret"]}], "c": None})
    assert "s3cret" not in error.value.detail


@pytest.mark.parametrize(
    "text", ["sum([`1e308`, `1e308`])", "to_number('nan')", "to_number('1e999')", "avg([`1e308`, `1e308`])"]
)
def test_a_number_that_json_cannot_write_is_null(text: str) -> None:
    assert search(text, 1) is None


def test_a_number_with_too_many_digits_is_null() -> None:
    assert search("sum(@)", [10**4299, 9 * 10**4299]) is None


# What is no expression


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a.", "got: eof at character 3."),
        ("a[", "ends too early"),
        ("(a", "ends too early"),
        ("a b", "Unexpected token: b at character 3."),
        ("a = b", "Unknown token '=' at character"),
        ("a ?", "Unknown token ? at character 3."),
        ("'a", "Unclosed ' delimiter at character 1."),
        ("`{`", "what stands in backticks must be JSON"),
        ("a == `old`", "what stands in backticks must be JSON"),
        ('`"`', "Bad token"),
        ("", "cannot be empty"),
        (" ", "ends too early"),
        ("no_such(a)", "there is no function no_such()."),
        ("length()", "length() takes 1 arguments, not 0."),
        ("length(a, b)", "length() takes 1 arguments, not 2."),
        ("not_null()", "not_null() takes 1 or more arguments, not 0."),
        ("sort_by(a, b)", "argument 2 of sort_by() must be an expression, such as `&name`."),
        ("sort_by(&b, a)", "argument 2 of sort_by()"),
        ("&a", "`&` is for arguments of functions"),
        ("[&a]", "`&` is for arguments of functions"),
        ("length(&a)", "`&` is for arguments of functions"),
        ("map(&(&a), b)", "`&` is for arguments of functions"),
        ("a[::0]", "the step of a slice must not be 0."),
        ("`NaN`", "a literal that is no JSON"),
        ("`[1e999]`", "a literal that is no JSON"),
        ('`"\\ud800"`', "a literal that is no JSON"),
        ('{"\\ud800": a}', "a literal that is no JSON"),
        ("!" * 1500 + "a", "nested"),
        ("(" * 900 + "a" + ")" * 900, "nested"),
        ("[" * 900 + "a" + "]" * 900, "nested"),
        ("|".join(["a"] * (MAX_DEPTH + 1)), f"nested more than {MAX_DEPTH} deep"),
        ("[" + ",".join(["a"] * MAX_NODES) + "]", f"more than {MAX_NODES} parts"),
        ("a" * (MAX_LENGTH + 1), f"more than {MAX_LENGTH} characters"),
    ],
)
def test_what_is_no_expression(text: str, reason: str) -> None:
    with pytest.raises(InvalidIntegrationConfig) as error:
        compiled(text, MEMBER)
    assert error.value.detail.startswith("transform_config.response.data is no JMESPath expression: ")
    assert reason in error.value.detail
    assert len(error.value.detail) < 500


TOKENS = ["a", '"b"', "'c'", "`1`", "`", "'", '"', ".", "*", "[", "]", "[]", "[?", "{", "}", ":", ",", "(", ")", "@",
          "&", "&&", "|", "||", "!", "==", "<", "-1", "0", "length(", "map(", "sort_by(", " ", "\\", "é",
          "\ud800"]  # fmt: skip


@given(st.one_of(st.lists(st.sampled_from(TOKENS), max_size=12).map("".join), st.text(max_size=20)), VALUES)
def test_any_text_is_an_expression_or_refused(text: str, value: JsonValue) -> None:
    try:
        expression = compiled(text, MEMBER)
    except InvalidIntegrationConfig:
        return
    json.dumps(expression.find(value), allow_nan=False, ensure_ascii=False).encode()


# What would take too long, or too much


def repeated(step: str, times: int) -> str:
    return " | ".join([step] * times)


NUMBERS = "`[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30]`"
HOSTILE: list[tuple[str, Any]] = [
    (repeated("[@,@][]", 60), 1),
    (repeated("[@,@]", 90), 1),
    (repeated("{a: @, b: @}", 60), 1),
    (repeated("merge(@, {a: @, b: @})", 60), {}),
    (repeated("[@,@]", 60) + " | [0] == [1]", 1),
    (repeated("[@,@]", 60) + " | contains(@, `1`)", 1),
    (repeated("[@,@]", 60) + " | to_string(@)", 1),
    (repeated("[@,@,@,@]", 9) + " | to_string(@)", 10**4000),
    (repeated("[@,@,@,@]", 9), "x" * 10_000),
    (repeated("{a: @, b: @, c: @, d: @}", 12), {"x" * 10_000: 1}),
    (repeated("join('', [@,@])", 80), "x" * 10),
    (repeated("join('', [@,@])", 80), "\U0001f600" * 10),
    (repeated("reverse(join('', [@,@]))", 40), "x" * 10),
    (repeated("to_string([@,@])", 60), 'x"\\' * 10),
    (f"map(&map(&map(&map(&map(&@,{NUMBERS}),{NUMBERS}),{NUMBERS}),{NUMBERS}),{NUMBERS})", 1),
    ("[*][*][*][*][*][*][*]", [[[[[[list(range(9))] * 9] * 9] * 9] * 9] * 9] * 9),
    ("sort_by(@, &a)", [{"a": "x" * 1_000_000 + str(number % 2)} for number in range(20)] * 4000),
    ("sort(@)", ["x" * 1_000_000 + str(number % 2) for number in range(20)] * 4000),
    ("[?@ == '" + "y" * 1900 + "']", ["y" * 1899 + "x"] * 300_000),
    ("[" + ",".join(["@[]"] * 100) + "]", list(range(1_000_000))),
    ("[" + ",".join(["@[:]"] * 80) + "]", list(range(1_000_000))),
    ("map(&keys(@), [" + ",".join("@" * 450) + "])", {str(number): number for number in range(9000)}),
]


@pytest.mark.parametrize(("text", "value"), HOSTILE, ids=[text[:40] for text, _ in HOSTILE])
def test_no_expression_takes_long_or_much(text: str, value: Any) -> None:
    expression = compiled(text, MEMBER)
    started = time.process_time()
    with pytest.raises(InvalidIntegrationConfig, match="takes too long, or finds too much"):
        expression.search(value)
    assert time.process_time() - started < 3

    tracemalloc.start()
    with pytest.raises(InvalidIntegrationConfig):
        expression.find(value)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000


def test_a_large_answer_can_be_mapped() -> None:
    rows = [{"id": number, "properties": {"name": "x"}, "tags": ["a", "b"]} for number in range(10_000)]
    mapped = search("rows[].{id: id, name: properties.name, tags: tags}", {"rows": rows})
    assert mapped == [{"id": number, "name": "x", "tags": ["a", "b"]} for number in range(10_000)]
    # What is only selected is not looked at.
    values: JsonValue = [[1] * 10] * 900_000
    assert search("values", {"values": values}) is values
    content = "x" * 25_000_000
    assert search("{content: content}", {"content": content}) == {"content": content}


# Truth


@pytest.mark.parametrize("value", [None, False, "", [], {}])
def test_false(value: JsonValue) -> None:
    assert not is_true(value)


@pytest.mark.parametrize("value", [True, 0, 0.0, 1, "0", "false", " ", [None], {"": None}])
def test_true(value: JsonValue) -> None:
    assert is_true(value)
