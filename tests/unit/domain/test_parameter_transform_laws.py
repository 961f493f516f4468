"""What holds for operations on any parameters."""

import base64
import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from portway.domain.errors import InvalidIntegrationConfig, InvalidParameters
from portway.domain.json_value import JsonValue
from portway.domain.operation import Operation
from portway.domain.rules.parameter_origin import origin
from portway.domain.rules.parameter_places import ABSENT, find
from portway.domain.rules.parameter_transform import check_operations, transform_parameters
from tests.unit.domain.json_values import OBJECTS, TEXTS, VALUES

# Few names, so that places are often there; signs that pointers and templates know; half of a surrogate pair.
NAMES = st.sampled_from(["a", "b", "c", "0", "*", "~", "/", "{", "\ud800"])
ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), NAMES, st.just("2026-11-25")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=10,
)
PARAMETERS = st.dictionaries(NAMES, ANY, max_size=5)
PLACES = st.one_of(
    NAMES,
    st.lists(st.sampled_from(["a", "b", "0", "1", "*", "~0", "~1", "~", ""]), min_size=1, max_size=4).map(
        lambda parts: "".join(f"/{part}" for part in parts)
    ),
)


def _documents(members: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    optional = {name: members[name] for name in ("parameters", "keep") if name in members}
    needed = {name: strategy for name, strategy in members.items() if name not in optional}
    return st.fixed_dictionaries(needed, optional=optional)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OWN = "The value that the row sets"

IN_PLACE = ("wrap_array", "join", "split", "to_string", "json_encode", "base64_encode", "base64url_encode")
FORMATS = ("unix", "unix_ms", "date", "rfc3339", "rfc5322", "iso8601_basic")
DOCUMENTS = st.one_of(
    st.fixed_dictionaries({"op": st.sampled_from((*IN_PLACE, "remove")), "parameter": PLACES}),
    st.fixed_dictionaries(
        {"op": st.just("format_date"), "parameter": PLACES, "format": st.sampled_from(FORMATS)}
    ),
    st.fixed_dictionaries({"op": st.just("rename"), "parameter": PLACES, "to": NAMES}),
    st.fixed_dictionaries({"op": st.just("move"), "parameter": PLACES, "to": PLACES}),
    st.fixed_dictionaries(
        {"op": st.sampled_from(["constant", "default"]), "parameter": PLACES, "value": ANY}
    ),
    _documents({"op": st.just("omit_empty"), "parameters": st.lists(PLACES, max_size=3)}),
    _documents(
        {
            "op": st.just("nest"),
            "to": PLACES,
            "parameters": st.lists(NAMES, max_size=3),
            "keep": st.lists(NAMES, max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {
            "op": st.just("template"),
            "parameter": PLACES,
            "template": st.sampled_from(["{a}", "{a}{b}", "x", "{{{c}}}", "{", "{*}"]),
        }
    ),
)


def operations(*documents: dict[str, Any]) -> tuple[Operation, ...]:
    return msgspec.convert(documents, tuple[Operation, ...])


def after(before: dict[str, Any], **document: Any) -> dict[str, JsonValue]:
    return transform_parameters(before, operations(document))


def error_of(call: Callable[[], object]) -> InvalidParameters | InvalidIntegrationConfig | None:
    """The error that it raises, of the two that it may raise."""
    try:
        call()
    except (InvalidParameters, InvalidIntegrationConfig) as error:
        return error
    return None


@given(parameters=PARAMETERS, documents=st.lists(DOCUMENTS, max_size=6))
def test_nothing_but_the_two_errors_and_no_change_of_the_arguments(
    parameters: dict[str, Any], documents: list[dict[str, Any]]
) -> None:
    row = operations(*documents)
    before, row_before = repr(parameters), repr(row)
    parts = [(value, copy.deepcopy(value)) for value in parameters.values()]
    error_of(lambda: transform_parameters(parameters, row))
    assert repr(parameters) == before
    assert repr(row) == row_before
    assert all(repr(value) == repr(kept) for value, kept in parts)


@given(parameters=PARAMETERS, documents=st.lists(DOCUMENTS, max_size=6))
def test_a_fault_points_to_something_that_the_caller_wrote(
    parameters: dict[str, Any], documents: list[dict[str, Any]]
) -> None:
    error = error_of(lambda: transform_parameters(parameters, operations(*documents)))
    if isinstance(error, InvalidIntegrationConfig):
        assert error.detail.startswith("transform_config.parameters[")
    for fault in error.faults if isinstance(error, InvalidParameters) else ():
        names = fault.pointer.replace("?", "\ud800").split("/")[2:]
        path = tuple(name.replace("~1", "/").replace("~0", "~") for name in names)
        assert path
        assert find(parameters, path) is not ABSENT


@given(parameters=PARAMETERS, documents=st.lists(DOCUMENTS, max_size=6), name=NAMES)
def test_the_row_is_checked_without_parameters(
    parameters: dict[str, Any], documents: list[dict[str, Any]], name: str
) -> None:
    row = operations(*documents)
    broken = error_of(lambda: check_operations(row))
    error = error_of(lambda: transform_parameters(parameters, row))
    if broken is None:
        assert isinstance(origin(row, (name,)), tuple | None)
    else:
        assert error is not None
    # What the parameters or the row's own values break before is said first.
    if isinstance(error, InvalidIntegrationConfig) and _OWN not in error.detail:
        assert broken is not None
        assert error.detail == broken.detail


@given(parameters=OBJECTS, name=TEXTS, value=VALUES)
def test_what_is_not_touched_is_the_same_object(
    parameters: dict[str, JsonValue], name: str, value: JsonValue
) -> None:
    given_ = {**parameters, "moved": value}
    moved = after(given_, op="move", parameter="moved", to="/new/place")
    assert find(moved, ("new", "place")) is value
    assert all(moved[other] is parameters[other] for other in parameters if other not in ("moved", "new"))
    assert transform_parameters(parameters, ()) == parameters


@given(parameters=OBJECTS, old=TEXTS, new=TEXTS.filter(bool), value=VALUES)
def test_rename_moves_exactly_one(
    parameters: dict[str, JsonValue], old: str, new: str, value: JsonValue
) -> None:
    old = f"x{old}"  # neither empty nor a pointer
    others = {name: member for name, member in parameters.items() if name not in (old, new)}
    renamed = after({**parameters, old: value}, op="rename", parameter=old, to=new)
    assert renamed == {**others, new: value}
    assert renamed[new] is value


@given(value=VALUES)
def test_a_table_stays_a_table(value: JsonValue) -> None:
    table = after({"a": value}, op="wrap_array", parameter="a")["a"]
    assert table is None or (isinstance(table, list) and all(isinstance(row, list) for row in table))
    assert after({"a": table}, op="wrap_array", parameter="a") == {"a": table}


ITEMS = st.text(st.characters(codec="utf-8", exclude_characters=",")).filter(
    lambda text: text and text == text.strip()
)


@given(items=st.lists(ITEMS))
def test_split_undoes_join(items: list[str]) -> None:
    joined = after({"a": items}, op="join", parameter="a")
    assert joined == {"a": ",".join(items)}
    assert after(joined, op="join", parameter="a") == joined
    assert after(joined, op="split", parameter="a") == {"a": items}


@given(text=TEXTS)
def test_base64_is_that_of_utf8(text: str) -> None:
    padded = after({"a": text}, op="base64_encode", parameter="a")["a"]
    bare = after({"a": text}, op="base64url_encode", parameter="a")["a"]
    assert isinstance(padded, str)
    assert isinstance(bare, str)
    assert base64.b64decode(padded, validate=True).decode() == text
    assert base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)).decode() == text
    assert "=" not in bare


@given(value=VALUES.filter(lambda value: value is not None))
def test_json_encode_is_json(value: JsonValue) -> None:
    text = after({"a": value}, op="json_encode", parameter="a")["a"]
    assert isinstance(text, str)
    assert json.loads(text) == value


@given(parameters=OBJECTS)
def test_omit_empty_leaves_no_empty_one_and_all_others(parameters: dict[str, JsonValue]) -> None:
    left = after(parameters, op="omit_empty")
    assert not any(
        value in (None, "", [], {}) for value in left.values() if not isinstance(value, int | float)
    )
    assert {name for name in parameters if name not in left} == {
        name
        for name, value in parameters.items()
        if value is None or (not value and hasattr(value, "__len__"))
    }
    assert after(parameters, op="omit_empty", parameters=["/*"]) == left


@given(
    since_1970=st.timedeltas(timedelta(days=-719_000), timedelta(days=2_932_000)),
    minutes=st.integers(-23 * 60, 23 * 60),
)
def test_a_date_is_the_same_moment_in_every_format(since_1970: timedelta, minutes: int) -> None:
    there = (EPOCH + since_1970).astimezone(timezone(timedelta(minutes=minutes)))

    def written(name: str, value: JsonValue) -> JsonValue:
        return after({"a": value}, op="format_date", parameter="a", format=name)["a"]

    text = written("rfc3339", there.isoformat())
    assert isinstance(text, str)
    assert datetime.fromisoformat(text) == there
    assert text.endswith("Z")
    assert written("rfc3339", text) == text
    seconds = written("unix", there.isoformat())
    assert isinstance(seconds, int)
    assert timedelta(0) <= since_1970 - timedelta(seconds=seconds) < timedelta(seconds=1)
    assert written("unix", seconds) == seconds
    assert written("unix_ms", seconds) == seconds * 1000
    assert written("date", text) == written("date", text[:10]) == text[:10]


@given(parameters=OBJECTS, keep=st.lists(TEXTS.filter(bool), max_size=2))
def test_nesting_loses_nothing(parameters: dict[str, JsonValue], keep: list[str]) -> None:
    rest = {name: value for name, value in parameters.items() if name not in keep and name != "fields"}
    kept = {name: parameters[name] for name in keep if name in parameters and name != "fields"}
    nested = after({**kept, **rest}, op="nest", to="fields", keep=keep)
    assert nested == ({**kept, "fields": rest} if rest else kept)


@given(value=st.one_of(TEXTS, st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_a_template_writes_scalars_as_they_are(value: str | float) -> None:
    sent = after({"a": value, "b": "{a}"}, op="template", parameter="c", template="{{{a}}}{b}")
    as_text = value if isinstance(value, str) else json.dumps(value)
    assert sent["c"] == f"{{{as_text}}}{{a}}"
