"""YAML as JSON values, by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema): `no`, `on` and
`2026-01-01` are texts, and so is every key.

Made of the parser's events, one after the other: libraries that build values call themselves for each level, and a
document of brackets alone brings the process down. An alias is a reference to what it names and costs nothing.
"""

import math
import re
from typing import Any

import yaml

MAX_DEPTH = 200

_CORE = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MERGE = "<<"
_NOTHING = object()


class YamlFaultError(Exception):
    """What is wrong, and where, without a full stop."""


def yaml_value(text: str) -> Any:
    """The first document. Raises YamlFaultError."""
    builder = _Builder()
    try:
        for event in yaml.parse(text, yaml.CSafeLoader):
            if isinstance(event, yaml.DocumentEndEvent):
                break
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise YamlFaultError(f"{error.problem}{_place(error.problem_mark)}") from None
    except yaml.YAMLError:
        raise YamlFaultError("it has a character that YAML does not allow") from None
    return builder.value


class _Builder:
    """Takes events in their order. `value` is what they made."""

    def __init__(self) -> None:
        self.value: Any = None
        self._open: list[tuple[Any, str | None]] = []  # lists and objects, and the anchors of those
        self._keys: list[Any] = []  # for each that is open; _NOTHING where a key comes next
        self._anchors: dict[str, Any] = {}

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._put(_scalar(event), event, event.anchor)
            case yaml.AliasEvent():
                if event.anchor not in self._anchors:
                    raise YamlFaultError(f"an alias of nothing before it{_place(event.start_mark)}")
                self._put(self._anchors[event.anchor], event, None)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._begin([] if isinstance(event, yaml.SequenceStartEvent) else {}, event)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                finished, anchor = self._open.pop()
                self._keys.pop()
                # Only now, so that nothing holds itself.
                if anchor is not None:
                    self._anchors[anchor] = finished
                if self._open and self._keys[-1] == _MERGE and isinstance(self._open[-1][0], dict):
                    self._merge(finished)

    def _begin(self, value: Any, event: yaml.SequenceStartEvent | yaml.MappingStartEvent) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise YamlFaultError(f"it is nested more than {MAX_DEPTH} levels deep")
        if not self._is_merging():
            self._put(value, event, None)
        self._open.append((value, event.anchor))
        self._keys.append(_NOTHING)

    def _put(self, value: Any, event: yaml.Event, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = value
        if not self._open:
            self.value = value
            return
        container = self._open[-1][0]
        if isinstance(container, list):
            container.append(value)
        elif self._keys[-1] is _NOTHING:
            self._keys[-1] = _key(event, value)
        elif self._is_merging():
            self._merge(value)
        else:
            container[self._keys[-1]] = value
            self._keys[-1] = _NOTHING

    def _is_merging(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1][0], dict) and self._keys[-1] == _MERGE

    def _merge(self, value: Any) -> None:
        """`<<` takes over what is not there (https://yaml.org/type/merge.html); a key that follows goes before it."""
        container = self._open[-1][0]
        for one in value if isinstance(value, list) else [value]:
            for name, member in one.items() if isinstance(one, dict) else ():
                container.setdefault(name, member)
        self._keys[-1] = _NOTHING


def _key(event: yaml.Event, value: Any) -> str:
    if isinstance(event, yaml.ScalarEvent):
        return str(event.value)
    if isinstance(value, str):
        return value
    raise YamlFaultError(f"a key that is no text{_place(event.start_mark)}")


def _scalar(event: yaml.ScalarEvent) -> Any:
    text, tag = event.value, event.tag
    if tag is not None and tag not in (f"{_CORE}str", "!"):
        kind = tag.removeprefix(_CORE)
        if kind not in ("int", "float", "bool", "null"):
            raise YamlFaultError(f"a tag that is none of JSON, {tag[:80]!r}{_place(event.start_mark)}")
    elif tag is not None or not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def _place(mark: Any) -> str:
    return "" if mark is None else f" in line {mark.line + 1}, column {mark.column + 1}"
