"""A text that a regular expression matches, found by walking through its parts: the simplest of each."""

import re
import re._constants as c  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from typing import Any

_CLASSES = {c.CATEGORY_DIGIT: "1", c.CATEGORY_WORD: "a", c.CATEGORY_SPACE: " ", c.CATEGORY_NOT_DIGIT: "a",
            c.CATEGORY_NOT_WORD: "-", c.CATEGORY_NOT_SPACE: "a"}  # fmt: skip
_CANDIDATES = "a1A-_./: ~"
_UNICODE_CLASS = re.compile(r"\\p\{(\w+)\}|\\p(\w)")
_LETTERS = {"L": "a-zA-Z", "N": "0-9", "Z": " ", "S": "+=$", "P": "._-", "C": "\\t", "U": "A-Z", "A": "a-zA-Z0-9",
            "D": "0-9"}  # fmt: skip
_SHORTHANDS = {c.CATEGORY_DIGIT: r"\d", c.CATEGORY_NOT_DIGIT: r"\D", c.CATEGORY_WORD: r"\w",
               c.CATEGORY_NOT_WORD: r"\W", c.CATEGORY_SPACE: r"\s", c.CATEGORY_NOT_SPACE: r"\S"}  # fmt: skip


def matching(pattern: str, at_least: int = 0) -> str | None:
    """A text of at least that many characters where the pattern lets it grow; None for what is not understood."""
    try:
        parsed = parser.parse(_UNICODE_CLASS.sub(lambda found: _class(found[1] or found[2]), pattern))
        text = _sequence(parsed, 0)
        if len(text) < at_least:
            text = _sequence(parsed, at_least - len(text))
    except (re.error, KeyError, NotImplementedError, OverflowError):
        return None
    return text if len(text) >= at_least else None


def _class(name: str) -> str:
    return _LETTERS.get(name[0], "a-z")


def _sequence(parts: Any, more: int) -> str:
    """`more` characters are added at the first place where one may repeat."""
    text = ""
    for operator, argument in parts:
        found = _part(operator, argument, more)
        # What has grown once need not grow again.
        if more and len(found) > len(_part(operator, argument, 0)):
            more = 0
        text += found
    return text


def _part(operator: Any, argument: Any, more: int) -> str:
    if operator in (c.AT, c.ASSERT, c.ASSERT_NOT):
        return ""
    if operator in (c.BRANCH, c.SUBPATTERN):
        return _sequence(argument[1][0] if operator is c.BRANCH else argument[3], more)
    if operator in (c.MAX_REPEAT, c.MIN_REPEAT):
        least, most, inside = argument
        one = _sequence(inside, 0)
        wanted = -(-more // len(one)) if one else 0
        return one * min(int(least) + wanted, int(most))
    return _character(operator, argument)


def _character(operator: Any, argument: Any) -> str:
    if operator is c.LITERAL:
        return chr(argument)
    if operator is c.NOT_LITERAL:
        return "a" if argument != ord("a") else "b"
    if operator is c.IN:
        return _one_of(argument)
    if operator is c.ANY:
        return "a"
    raise NotImplementedError(str(operator))


def _one_of(choices: Any) -> str:
    negated = choices[0][0] is c.NEGATE
    if negated:
        return next(one for one in _CANDIDATES if not any(_holds(choice, one) for choice in choices[1:]))
    known = (one for one in _CANDIDATES if any(_holds(choice, one) for choice in choices))
    return next(known, None) or _first(choices[0])


def _first(choice: Any) -> str:
    operator, argument = choice
    if operator is c.CATEGORY:
        return _CLASSES[argument]
    return chr(argument if operator is c.LITERAL else argument[0])


def _holds(choice: Any, character: str) -> bool:
    operator, argument = choice
    if operator is c.LITERAL:
        return bool(ord(character) == argument)
    if operator is c.RANGE:
        return bool(argument[0] <= ord(character) <= argument[1])
    return re.match(_SHORTHANDS[argument], character) is not None
