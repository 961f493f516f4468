"""The argument types of Slack's own client (npm's @slack/web-api): the names of the arguments of each method."""

import re
from functools import cache

from tests.catalog.specifications import PACKAGES

TYPES = PACKAGES / "@slack/web-api/dist/types/request"

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_DECLARATION = re.compile(r"^(?:export )?(?:interface|type) (\w+)\b", re.MULTILINE)
_MEMBER = re.compile(r"^\s+(\w+)\??: ", re.MULTILINE)
_NESTED = re.compile(r"(\{[^{}]*)\{[^{}]*\}")


def arguments(method: str) -> set[str]:
    """The names that a method such as `chat.postMessage` takes, by any of its variants."""
    name = "".join(part[0].upper() + part[1:] for part in method.split(".")) + "Arguments"
    return _members(f"{method.partition('.')[0]}.d.ts", name)


def _members(file: str, name: str) -> set[str]:
    declared, common = _declarations(file), _declarations("common.d.ts")
    found: set[str] = set()
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        current = ahead.pop()
        text = declared.get(current) or common.get(current)
        if text is None or current in seen:
            continue
        seen.add(current)
        found |= set(_MEMBER.findall(text))
        ahead += re.findall(r"\b[A-Z]\w+", text)
    assert found, f"{name} is not among Slack's types"
    return found


@cache
def _declarations(file: str) -> dict[str, str]:
    """The text of each type without the members of its members."""
    text = _COMMENT.sub("", (TYPES / file).read_text())
    starts = [*_DECLARATION.finditer(text)]
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return {start[1]: _flat(text[start.end() : end]) for start, end in zip(starts, ends, strict=True)}


def _flat(text: str) -> str:
    while (flat := _NESTED.sub(r"\1", text)) != text:
        text = flat
    return text
