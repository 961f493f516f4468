"""JMESPath's interpreter, within bounds of time and memory.

Rows are user input, and an expression of some dozen characters can ask for more than the memory holds:
`[@,@][] | [@,@][] | ...` doubles a list with every step, and `[@,@] | [@,@] | ...` makes a small value whose JSON is
gigabytes, since its parts are shared. So every step has its cost, and whatever looks at, copies or makes a value pays
by the value's size before it does.
"""

import math
from typing import Any

from jmespath.functions import Functions
from jmespath.visitor import Options, TreeInterpreter

from portway.domain.json_value import JsonValue

MAX_COST = 2_000_000
"""For one evaluation, in quarters of a step; a step takes about a microsecond."""

_STEP = 4
_NEW_OBJECT = 12
_CHARACTERS = 32
"""Of a text that is compared, or is part of a result, for one unit; a text that is made costs eight times that."""
_BITS = 128
_MAX_BITS = 13_000
"""Of a number: a little less than the digits that Python writes."""

_CONSTANT = frozenset({"abs", "ceil", "floor", "length", "not_null", "to_array", "type"})
_LOOK_AT_ALL = frozenset({"contains", "max", "min", "sort"})
_MAKE_TEXT = frozenset({"join", "to_string"})


class TooCostly(Exception):
    """The evaluation was given up."""


def evaluate(parsed: Any, value: JsonValue, *, selects: bool) -> JsonValue:
    """What the parsed expression finds in the value; `selects` if it makes nothing new.

    Raises TooCostly, and what the library and Python raise where the expression does not fit the value.
    """
    budget = _Budget(MAX_COST)
    found: JsonValue = _Interpreter(budget).visit(parsed, value)
    if not selects:
        budget.spend_on(found)
    return found


class _Budget:
    def __init__(self, left: int) -> None:
        self._left = left

    def spend(self, cost: int) -> None:
        self._left -= cost
        if self._left < 0:
            raise TooCostly

    def spend_on(self, value: object, times: int = 1) -> None:
        """On every part of the value, as often as it is shared."""
        pending = [value]
        while pending:
            part = pending.pop()
            self.spend(times * _weight(part))
            if isinstance(part, dict):
                self.spend(times * sum(len(name) // _CHARACTERS for name in part))
                pending.extend(part.values())
            elif isinstance(part, list):
                pending.extend(part)


def _weight(value: object) -> int:
    """What a value costs: a list or an object pays for the values in it, which pay for themselves if they are large."""
    if isinstance(value, str):
        return len(value) // _CHARACTERS
    if isinstance(value, list):
        return 2 + len(value)
    if isinstance(value, dict):
        return 4 + 2 * len(value)
    return value.bit_length() // _BITS if isinstance(value, int) else 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class _Interpreter(TreeInterpreter):
    def __init__(self, budget: _Budget) -> None:
        super().__init__(Options(custom_functions=_Functions(budget)))
        self._budget = budget

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._budget.spend(_STEP)
        return super().visit(node, *args, **kwargs)

    def visit_comparator(self, node: Any, value: Any) -> Any:
        left, right = (self.visit(child, value) for child in node["children"])
        are_texts = isinstance(left, str) and isinstance(right, str)
        is_ordering = node["value"] not in ("eq", "ne")
        if is_ordering and not are_texts and not (_is_number(left) and _is_number(right)):
            return None  # The library would let Python compare a text with a number.
        if not are_texts or len(left) == len(right):
            self._budget.spend_on(left)
        return self.COMPARATOR_FUNC[node["value"]](left, right)

    def visit_flatten(self, node: Any, value: Any) -> Any:
        base = self.visit(node["children"][0], value)
        if not isinstance(base, list):
            return None
        merged: list[Any] = []
        for element in base:
            part = element if isinstance(element, list) else [element]
            self._budget.spend(1 + len(part))
            merged.extend(part)
        return merged

    def visit_slice(self, node: Any, value: Any) -> Any:
        made = super().visit_slice(node, value)
        self._budget.spend(_weight(made))
        return made

    def visit_multi_select_dict(self, node: Any, value: Any) -> Any:
        self._budget.spend(_NEW_OBJECT)
        return super().visit_multi_select_dict(node, value)


class _Functions(Functions):
    def __init__(self, budget: _Budget) -> None:
        self._budget = budget

    def call_function(self, function_name: Any, resolved_args: Any) -> Any:
        """A number that JSON cannot write becomes null."""
        self._spend_on(function_name, resolved_args)
        made = super().call_function(function_name, resolved_args)
        if isinstance(made, float):
            return made if math.isfinite(made) else None
        return None if isinstance(made, int) and made.bit_length() > _MAX_BITS else made

    def _spend_on(self, name: str, arguments: list[Any]) -> None:
        if name in _CONSTANT:
            return
        if name in _LOOK_AT_ALL or name in _MAKE_TEXT:
            self._budget.spend_on(arguments, times=8 if name in _MAKE_TEXT else 1)
            return
        for argument in arguments:
            self._budget.spend(_STEP * _weight(argument))

    # By this the library's sort_by, min_by and max_by find what they compare.
    def _create_key_func(self, expref: Any, allowed_types: Any, function_name: Any) -> Any:
        key_of = super()._create_key_func(expref, allowed_types, function_name)  # type: ignore[misc]

        def paid_key_of(element: Any) -> Any:
            key = key_of(element)
            self._budget.spend_on(key)
            return key

        return paid_key_of
