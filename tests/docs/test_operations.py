"""docs/reference/operations.md: every operation and each of its members is there, and every example is true.

An example is a JSON object: `operation` or `operations`, `before`, and `after` or `fault`.
"""

import json
import re
from typing import Any, get_args

import msgspec
import pytest

from portway.domain.errors import InvalidParameters
from portway.domain.operation import FormatDate, Operation
from portway.domain.rules.parameter_transform import check_operations, transform_parameters
from tests.docs.documents import ROOT, blocks, codes

DOCUMENT = "docs/reference/operations.md"
TEXT = (ROOT / DOCUMENT).read_text(encoding="utf-8")
KINDS: dict[str, type[msgspec.Struct]] = {
    str(kind.__struct_config__.tag): kind for kind in get_args(Operation)
}
EXAMPLES: list[dict[str, Any]] = [json.loads(code) for code in codes(DOCUMENT, "json")]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: json.dumps(example)[:70])
def test_the_example_is_true(example: dict[str, Any]) -> None:
    row = example["operations"] if "operations" in example else [example["operation"]]
    operations = msgspec.convert(row, tuple[Operation, ...])
    check_operations(operations)
    if "fault" in example:
        with pytest.raises(InvalidParameters) as raised:
            transform_parameters(example["before"], operations)
        assert [msgspec.to_builtins(fault) for fault in raised.value.faults] == [example["fault"]]
    else:
        after = transform_parameters(example["before"], operations)
        # As texts, because 1 and true are equal to Python.
        assert json.dumps(after, sort_keys=True) == json.dumps(example["after"], sort_keys=True)


def test_every_operation_has_a_section_and_no_other() -> None:
    assert set(re.findall(r"^## `(\w+)`$", TEXT, re.MULTILINE)) == set(KINDS)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_section_has_an_example_of_its_operation_and_names_its_members(name: str) -> None:
    section = f"`{name}`"
    shown = [json.loads(block.code) for block in blocks(DOCUMENT, section)]
    assert {example["operation"]["op"] for example in shown} == {name}
    text = TEXT.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    for member in KINDS[name].__struct_fields__:
        assert f"`{member}`" in text or f'"{member}"' in text
    assert f"](#{name})" in TEXT


def test_the_formats_of_a_date() -> None:
    written = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)`", TEXT, re.MULTILINE))
    formats = get_args(FormatDate.__annotations__["format"])
    assert set(written) == set(formats)
    for name in formats:
        operation = FormatDate(parameter="time", format=name)
        after = transform_parameters({"time": "2026-11-25T13:00:00+01:00"}, [operation])
        assert json.dumps(after["time"]) == written[name]
