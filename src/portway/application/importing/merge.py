"""A row as it is, as it was imported and as the document has it now: what becomes of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from portway.application.ports.imports import ImportMark, Members
from portway.domain.json_value import JsonValue

_DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Merged:
    """All members as they are to be; which of them are others than now; and which a person changed, so that they stay
    although the document says otherwise.
    """

    members: Members
    changed: tuple[str, ...]
    kept: tuple[str, ...]


def merged(stored: Members, mark: ImportMark | None, imported: Members) -> Merged:
    """Member by member: what is as it was imported follows the document, and what a person changed stays.

    `kept` has those alone of which the document has another value than at the import.
    """
    digests = mark.digests if mark is not None else {}
    members: dict[str, JsonValue] = {}
    changed: list[str] = []
    kept: list[str] = []
    for name, value in imported.items():
        now, wanted, before = digest(stored[name]), digest(value), digests.get(name)
        if now == wanted or now != before:
            members[name] = stored[name]
        else:
            members[name] = value
            changed.append(name)
        if now not in (wanted, before) and wanted != before:
            kept.append(name)
    return Merged(members, tuple(changed), tuple(kept))


def mark_of(origin: str, imported: Members) -> ImportMark:
    """What to remember of an import."""
    return ImportMark(origin, {name: digest(value) for name, value in imported.items()})


def digest(value: JsonValue) -> str:
    """The same for the same JSON, whatever the order of members and however numbers are written."""
    return sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]


def canonical(value: JsonValue) -> str:
    """The JSON text of a value that PostgreSQL has kept as jsonb or is about to."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
