import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonValue
from portway.domain.rules.parameter_transform import OPERATIONS, transform_parameters, wrap_array
from tests.unit.domain.json_values import OBJECTS, TEXTS, VALUES


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ([1, 2, 3], [[1, 2, 3]]),
        ([[1, 2], [3]], [[1, 2], [3]]),
        ("x", [["x"]]),
        ([], [[]]),
        ([[]], [[]]),
        ([[1], 2], [[[1], 2]]),
        (None, [[None]]),
    ],
)
def test_a_row_becomes_a_table(written: JsonValue, sent: JsonValue) -> None:
    assert wrap_array(written) == sent


@given(value=VALUES)
def test_a_table_stays_a_table(value: JsonValue) -> None:
    table = wrap_array(value)
    assert isinstance(table, list)
    assert all(isinstance(row, list) for row in table)
    assert wrap_array(table) == table


def config(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": list(operations)}


def test_operations_apply_in_order() -> None:
    transform = config(
        {"op": "default", "parameter": "option", "value": "USER_ENTERED"},
        {"op": "rename", "parameter": "option", "to": "valueInputOption"},
        {"op": "wrap_array", "parameter": "values"},
        {"op": "constant", "parameter": "dimension", "value": "ROWS"},
    )
    assert transform_parameters({"values": [1, 2, 3], "dimension": "x"}, transform) == {
        "values": [[1, 2, 3]],
        "valueInputOption": "USER_ENTERED",
        "dimension": "ROWS",
    }
    assert transform_parameters({"option": "RAW"}, transform)["valueInputOption"] == "RAW"


OPERATION = st.builds(
    lambda op, parameter, to, value: {"op": op, "parameter": parameter, "to": to, "value": value},
    st.sampled_from(sorted(OPERATIONS)),
    TEXTS,
    TEXTS,
    VALUES,
)


@given(parameters=OBJECTS, operations=st.lists(OPERATION, max_size=5))
def test_the_input_is_left_as_it_is(
    parameters: dict[str, JsonValue], operations: list[dict[str, Any]]
) -> None:
    before, transform = copy.deepcopy(parameters), config(*operations)
    transform_before = copy.deepcopy(transform)
    result = transform_parameters(parameters, transform)
    assert parameters == before
    assert transform == transform_before
    json.dumps(result)


@given(parameters=OBJECTS)
def test_without_operations_nothing_changes(parameters: dict[str, JsonValue]) -> None:
    assert transform_parameters(parameters, {}) == parameters
    assert transform_parameters(parameters, {"parameters": [], "locations": {"a": "query"}}) == parameters


@pytest.mark.parametrize(
    ("broken", "where"),
    [
        ({"parameters": {}}, "transform_config.parameters"),
        ({"parameters": None}, "transform_config.parameters"),
        (config({"op": "default", "parameter": "a"}), r"parameters\[0\].*'value'"),
        (
            config({"op": "wrap_array", "parameter": "a"}, {"op": "rename", "parameter": "a"}),
            r"parameters\[1\].*'to'",
        ),
        (config({"op": "rename", "parameter": "a", "to": 1}), "to"),
        (config({"op": "explode", "parameter": "a"}), r"parameters\[0\].op"),
        (config({"op": ["wrap_array"], "parameter": "a"}), r"parameters\[0\].op"),
        (config({"op": "wrap_array"}), r"parameters\[0\].parameter"),
        ({"parameters": ["wrap_array"]}, r"parameters\[0\]"),
    ],
)
def test_a_broken_row_says_where(broken: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidIntegrationConfig, match=where):
        transform_parameters({"a": 1}, broken)


@given(transform=st.dictionaries(st.sampled_from(["parameters", "locations"]), VALUES), parameters=OBJECTS)
def test_no_row_whatever_makes_another_error(
    transform: dict[str, JsonValue], parameters: dict[str, JsonValue]
) -> None:
    with contextlib.suppress(InvalidIntegrationConfig):
        assert isinstance(transform_parameters(parameters, transform), dict)
