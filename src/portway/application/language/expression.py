"""JMESPath expressions (https://jmespath.org) of rows, within bounds.

Rows are user input, and an expression of some dozen characters can ask for more than the memory holds:
`[@,@][] | [@,@][] | ...` doubles a list with every step, and `[@,@] | [@,@] | ...` makes a small value whose JSON is
large, since its parts are shared. So steps and sizes are counted.
"""

from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.functions import Functions
from jmespath.visitor import Options, TreeInterpreter

from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonValue

MAX_COST = 1_000_000
"""Steps of one evaluation, and values that it makes: about a second."""

_FAILURES = (JMESPathError, ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError)


class ExpressionError(Exception):
    """The expression cannot be evaluated on this value; `args[0]` says why."""


class Expression:
    """A compiled expression."""

    def __init__(self, text: str, parsed: Any) -> None:
        self._text = text
        self._parsed = parsed

    def search(self, value: JsonValue) -> JsonValue:
        """What the expression finds. Raises ExpressionError, and InvalidIntegrationConfig for what costs too much."""
        budget = _Budget(MAX_COST, self._text)
        try:
            found: JsonValue = _Interpreter(budget).visit(self._parsed, value)
        except _FAILURES as error:
            raise ExpressionError(f"{self._text!r} does not fit: {_reason(error)}") from None
        budget.spend_on(found)
        return found

    def find(self, value: JsonValue) -> JsonValue:
        """The same, with null where the expression does not fit the value."""
        try:
            return self.search(value)
        except ExpressionError:
            return None


@lru_cache(maxsize=4096)
def compiled(text: str) -> Expression:
    """Raises InvalidIntegrationConfig for what is no expression."""
    try:
        return Expression(text, jmespath.compile(text).parsed)
    except (JMESPathError, RecursionError, ValueError) as error:
        raise InvalidIntegrationConfig(f"{text!r} is no JMESPath expression: {_one_line(error)}") from None


def is_true(value: JsonValue) -> bool:
    """What JMESPath takes for true: everything but null, false, and an empty text, list or object."""
    return value is not None and value is not False and value not in ("", [], {})


class _Budget:
    def __init__(self, left: int, text: str) -> None:
        self._left = left
        self._text = text

    def spend(self, cost: int) -> None:
        self._left -= cost
        if self._left < 0:
            raise InvalidIntegrationConfig(
                f"The expression {self._text!r} takes too long for a body of this size."
            )

    def spend_on(self, value: object) -> None:
        """On every part of the value, however often it is shared."""
        pending = [value]
        while pending:
            part = pending.pop()
            self.spend(1)
            if isinstance(part, dict):
                pending.extend(part.values())
            elif isinstance(part, list):
                pending.extend(part)


class _Interpreter(TreeInterpreter):
    """Spends on every step, on what it makes, and on all that a function or comparison may look at."""

    def __init__(self, budget: _Budget) -> None:
        super().__init__(Options(custom_functions=_Functions(budget)))
        self._budget = budget

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._budget.spend(1)
        made = super().visit(node, *args, **kwargs)
        if isinstance(made, list) and node["type"] != "field":
            self._budget.spend(len(made))
        return made

    def visit_comparator(self, node: Any, value: Any) -> Any:
        sides = [self.visit(child, value) for child in node["children"]]
        self._budget.spend_on(sides)
        literals: Any = [{"type": "literal", "value": side, "children": []} for side in sides]
        return super().visit_comparator(
            {"type": node["type"], "value": node["value"], "children": literals}, value
        )


class _Functions(Functions):
    def __init__(self, budget: _Budget) -> None:
        self._budget = budget

    def call_function(self, function_name: Any, resolved_args: Any) -> Any:
        self._budget.spend_on(resolved_args)
        for argument in resolved_args:
            if isinstance(argument, str):
                self._budget.spend(len(argument) // 64)
        return super().call_function(function_name, resolved_args)


def _reason(error: Exception) -> str:
    """Without the values that the library's own words repeat."""
    if isinstance(error, JMESPathTypeError):
        return f"{error.function_name}() got a value of type {error.actual_type}."
    if isinstance(error, JMESPathError):
        return _one_line(error)
    return "it cannot be evaluated."


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
