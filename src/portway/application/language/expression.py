"""JMESPath expressions (https://jmespath.org) of rows: compiled once, checked as far as they can be without a value,
and evaluated within bounds (`bounded_jmespath`).
"""

import json
import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import (
    IncompleteExpressionError,
    JMESPathError,
    JMESPathTypeError,
    LexerError,
    ParseError,
)
from jmespath.functions import Functions

from portway.application.language.bounded_jmespath import TooCostly, evaluate
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonValue

MAX_LENGTH = 2000
"""Characters of an expression."""
MAX_NODES = 500
"""Parts of an expression: what is compiled is kept."""
MAX_DEPTH = 100
"""Parts of an expression that stand in one another: evaluating them takes as many calls."""

_UNFIT = (JMESPathError, ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError)
_SYNTAX = (JMESPathError, IndexError, KeyError, RecursionError, TypeError, ValueError)
_MAKERS = frozenset({"function_expression", "multi_select_dict", "multi_select_list"})


class Expression:
    """A compiled expression, which the row has at `member`."""

    def __init__(self, text: str, member: str) -> None:
        self._member = member
        self._parsed = _parse(text)
        # One that only selects finds a part of the value, which cannot be larger than the whole.
        self._selects = _kinds(self._parsed).isdisjoint(_MAKERS)

    def search(self, value: JsonValue) -> JsonValue:
        """What the expression finds; null where it finds nothing.

        Raises InvalidIntegrationConfig where a function gets a value of a type that it does not take, and where time
        and memory do not suffice.
        """
        try:
            return self._evaluate(value)
        except _UNFIT as error:
            raise self._failure(f"does not fit the service's answer: {_unfit(error)}") from None

    def find(self, value: JsonValue) -> JsonValue:
        """The same, with null where the expression does not fit the value."""
        try:
            return self._evaluate(value)
        except _UNFIT:
            return None

    def _evaluate(self, value: JsonValue) -> JsonValue:
        try:
            return evaluate(self._parsed, value, selects=self._selects)
        except TooCostly:
            raise self._failure("takes too long, or finds too much, in an answer of this size.") from None

    def _failure(self, what: str) -> InvalidIntegrationConfig:
        return InvalidIntegrationConfig(f"{self._member} {what}")


@lru_cache(maxsize=512)
def compiled(text: str, member: str, document: str = "transform_config") -> Expression:
    """The expression, which is `{document}.{member}`. Raises InvalidIntegrationConfig for what is none."""
    place = f"{document}.{member}"
    try:
        return Expression(text, place)
    except _SYNTAX as error:
        reason = _syntax(error)
    raise InvalidIntegrationConfig(f"{place} is no JMESPath expression: {reason}")


def is_true(value: JsonValue) -> bool:
    """What JMESPath takes for true: everything but null, false, and an empty text, list or object."""
    return value is not None and value is not False and (bool(value) or isinstance(value, int | float))


def _parse(text: str) -> Any:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"it has more than {MAX_LENGTH} characters.")
    with warnings.catch_warnings():
        # Once "`text`" was a way to write "'text'". That the library still takes it hides slips of the pen.
        warnings.simplefilter("error", PendingDeprecationWarning)
        try:
            parsed = jmespath.compile(text).parsed
        except PendingDeprecationWarning:
            raise ValueError("what stands in backticks must be JSON; a text is written 'so'.") from None
    _check(parsed, depth=1)
    if sum(1 for _ in _nodes(parsed)) > MAX_NODES:
        raise ValueError(f"it has more than {MAX_NODES} parts.")
    return parsed


def _check(node: Any, depth: int) -> None:
    """Raises ValueError for what can never be evaluated: the library finds it out when it is."""
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} deep.")
    _check_literal(node.get("value"))
    if node["type"] == "slice":
        if node["children"][2] == 0:
            raise ValueError("the step of a slice must not be 0.")
        return
    if node["type"] == "expref":
        raise ValueError("`&` is for arguments of functions that take an expression.")
    arguments = node["children"]
    if node["type"] == "function_expression":
        arguments = _check_function(node["value"], arguments)
    for child in arguments:
        _check(child, depth + 1)


def _check_literal(value: object) -> None:
    """A text of a row may write what is no JSON for others: NaN, and halves of surrogate pairs."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        raise ValueError("it has a literal that is no JSON.") from None


def _check_function(name: str, arguments: Sequence[Any]) -> list[Any]:
    """The arguments, without the `&` of those that are expressions."""
    if name not in Functions.FUNCTION_TABLE:
        raise ValueError(f"there is no function {name}().")
    signature = Functions.FUNCTION_TABLE[name]["signature"]
    is_variadic = bool(signature[-1].get("variadic"))
    if len(arguments) < len(signature) or (len(arguments) > len(signature) and not is_variadic):
        more = " or more" if is_variadic else ""
        raise ValueError(f"{name}() takes {len(signature)}{more} arguments, not {len(arguments)}.")
    checked = []
    for number, argument in enumerate(arguments):
        takes_expression = number < len(signature) and "expref" in signature[number]["types"]
        if takes_expression and argument["type"] != "expref":
            raise ValueError(f"argument {number + 1} of {name}() must be an expression, such as `&name`.")
        checked.append(argument["children"][0] if takes_expression else argument)
    return checked


def _nodes(node: Any) -> Any:
    """The node and all in it."""
    yield node
    for child in node["children"]:
        if isinstance(child, dict):  # a slice has numbers
            yield from _nodes(child)


def _kinds(parsed: Any) -> set[str]:
    return {node["type"] for node in _nodes(parsed)}


def _syntax(error: Exception) -> str:
    """The library's own reason, on one line and without the expression, which may be long."""
    if isinstance(error, IncompleteExpressionError):
        return "it ends too early."
    if isinstance(error, ParseError):
        reason = error.message if isinstance(error, LexerError) else error.msg
        return f"{_one_line(reason)} at character {error.lex_position + 1}."
    if isinstance(error, RecursionError):
        return "it is nested too deeply."
    if isinstance(error, IndexError | KeyError | TypeError):
        return "it cannot be read."
    return _one_line(str(error))


def _unfit(error: Exception) -> str:
    """Without the values, which the library's own words repeat."""
    if isinstance(error, JMESPathTypeError):
        expected = " or ".join(error.expected_types)
        return f"{error.function_name}() takes {expected}, and got {error.actual_type}."
    return "it cannot be evaluated."


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
