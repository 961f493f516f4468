"""Rule: every execution is logged, and no secret is ever in the log."""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from urllib.parse import unquote

import msgspec

from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.rules.secret_literals import NO_LITERALS, Literals, literal_forms

REDACTED = "[redacted]"
MAX_PAYLOAD_BYTES = 16_384
_MAX_APPLICABLE_SCHEMAS = 128
_UNREADABLE: dict[str, JsonValue] = {"writeOnly": True}

_SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:passwords?|passwd|passphrase|passcode|secrets?|token|jwt|api_?key|authorization|credentials?|"
    r"cookies?|private_?key|access_?key|session_?key|signature|pin|cvv|cvc)(?:$|[_.-])"
)
_NOT_SECRET = frozenset({"page_token", "next_page_token", "sync_token", "next_sync_token"})
_FILE_MEMBERS = frozenset({"content_type", "filename", "size", "base64"})  # as a service's file is answered
_COMBINING = frozenset(
    {"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas"}
)
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_STRICT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
# Without any of these, a schema says of no value that it is secret, nor refers to what might.
_HIDING_WORDS = ('"writeOnly"', '"password"', '"$ref"', '"$dynamicRef"')
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a member of this name holds a secret by convention, in snake_case, camelCase or kebab-case."""
    snake = _CAMEL.sub("_", name).lower().replace("-", "_")
    return snake not in _NOT_SECRET and _SECRET_NAME.search(snake) is not None


def redact(
    payload: JsonValue,
    *,
    schema: JsonValue = None,
    secrets: Iterable[str] = (),
    enough: float = float("inf"),
) -> JsonValue:
    """A copy of the payload that is fit for the log.

    Masked are members with a secret's name, what `schema` marks as `writeOnly` or `format: password`, and
    every occurrence of one of the literal `secrets`, wherever a service echoes it. What follows when the copy is
    `enough` bytes of JSON long is left out.
    """
    return _redacted(payload, schema, _Masking(literal_forms(secrets), enough))


def logged_text(
    payload: JsonValue, literals: Literals = NO_LITERALS, *, schema: JsonValue = None
) -> tuple[str, bool]:
    """The payload as JSON text, redacted and cut, and whether it was cut.

    Where there is nothing to hide, which is nearly always, it costs no copy. Spends no time on what will be cut off:
    millions of small values would hold up every other call for a minute.
    """
    encoded = None if schema else _encoded(payload)
    if encoded is not None and len(encoded) <= MAX_PAYLOAD_BYTES:
        text = encoded.decode()
        # PostgreSQL's jsonb cannot hold NUL.
        if not ("\\u0000" in text or literals.may_stand_in(text) or _has_special_name(payload)):
            return text, False
    beginning = _redacted(payload, schema, _Masking(literals.forms, MAX_PAYLOAD_BYTES + 1))
    if len(_encode(beginning)) <= MAX_PAYLOAD_BYTES:
        return json_text(beginning), False
    logged, was_cut = cut(beginning, size=len(encoded or _encoded(payload) or _encode(payload)))
    return json_text(logged), was_cut


def json_text(value: JsonValue) -> str:
    """The value as JSON. An infinite number, such as 1e999 in a service's answer becomes, is null: JSON has none."""
    try:
        return _STRICT.encode(value)
    except ValueError:
        return _STRICT.encode(json.loads(json.dumps(value), parse_constant=lambda _: None))


def hides_nothing(schema: JsonValue) -> bool:
    """Whether no value may be secret by what this JSON Schema says; True only where that is plain to see."""
    text = json.dumps(schema)
    return not any(word in text for word in _HIDING_WORDS)


def _encoded(payload: JsonValue) -> bytes | None:
    """As JSON, by the fast encoder; None for half a surrogate pair, or a number that is longer than 64 bits."""
    try:
        return msgspec.json.encode(payload)
    except (ValueError, OverflowError):
        return None


def _has_special_name(value: JsonValue) -> bool:
    """Whether a member, at any depth, has a secret's name or may be the content of a file."""
    if isinstance(value, dict):
        for key, member in value.items():
            if is_secret_name(key) or key == "base64":
                return True
            if isinstance(member, dict | list) and _has_special_name(member):
                return True
    elif isinstance(value, list):
        return any(_has_special_name(item) for item in value if isinstance(item, dict | list))
    return False


def mask_literals(value: JsonValue, secrets: Iterable[str], *, enough: float = float("inf")) -> JsonValue:
    """A copy of the value in which no text holds one of the secrets, for what is shown to the caller.

    What follows when the copy is `enough` bytes of JSON long is left out.
    """
    return _mask_texts(value, _Masking(literal_forms(secrets), enough))


@dataclass(slots=True)
class _Masking:
    """What to look for, and how many bytes of JSON are wanted yet (counted rather too few than too many)."""

    literals: list[str]
    wanted: float

    def text(self, text: str) -> str:
        masked = _mask(text, self.literals)
        if len(masked) > self.wanted:
            masked = masked[: max(0, int(self.wanted))]
        self.wanted -= len(masked)
        return masked

    def scalar(self, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return self.text(value)
        self.wanted -= 1
        return _mask_scalar(value, self.literals)

    def file(self, original: JsonObject, masked: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """The masked members of an object; of a file with a secret in it, without its content."""
        content = original.get("base64")
        if isinstance(content, str) and original.keys() == _FILE_MEMBERS and self._stands_in(content):
            return {**masked, "base64": REDACTED}
        return masked

    def _stands_in(self, encoded: str) -> bool:
        try:
            content = base64.b64decode(encoded)
        except ValueError:
            return False
        return any(literal.encode("utf-8", "surrogatepass") in content for literal in self.literals)


def _redacted(payload: JsonValue, schema: JsonValue, masking: _Masking) -> JsonValue:
    root = schema if isinstance(schema, dict) else {}
    return _redact(payload, [root] if root else [], root, masking)


def _redact(value: JsonValue, schemas: list[JsonObject], root: JsonObject, masking: _Masking) -> JsonValue:
    applicable = _expand(schemas, root) if schemas else schemas
    for schema in applicable:
        if schema.get("writeOnly") is True or schema.get("format") == "password":
            return REDACTED
    if isinstance(value, dict):
        masking.wanted -= 2
        members: dict[str, JsonValue] = {}
        for key, member in value.items():
            if masking.wanted <= 0:
                break
            name = masking.text(key)
            members[name] = (
                REDACTED
                if is_secret_name(key) and member not in (None, "")
                else _redact(member, _members(applicable, key) if applicable else applicable, root, masking)
            )
        return masking.file(value, members)
    if isinstance(value, list):
        masking.wanted -= 2
        items: list[JsonValue] = []
        for index, item in enumerate(value):
            if masking.wanted <= 0:
                break
            items.append(
                _redact(item, _items(applicable, index) if applicable else applicable, root, masking)
            )
        return items
    return masking.scalar(value)


def _mask_texts(value: JsonValue, masking: _Masking) -> JsonValue:
    if isinstance(value, dict):
        masking.wanted -= 2
        members: dict[str, JsonValue] = {}
        for key, member in value.items():
            if masking.wanted <= 0:
                break
            name = masking.text(key)
            members[name] = _mask_texts(member, masking)
        return masking.file(value, members)
    if isinstance(value, list):
        masking.wanted -= 2
        items: list[JsonValue] = []
        for item in value:
            if masking.wanted <= 0:
                break
            items.append(_mask_texts(item, masking))
        return items
    return masking.scalar(value)


def _mask_scalar(value: JsonValue, literals: list[str]) -> JsonValue:
    if literals and isinstance(value, int | float) and not isinstance(value, bool):
        written = json.dumps(value)
        return REDACTED if any(literal in written for literal in literals) else value
    return value


def _mask(text: str, literals: list[str]) -> str:
    for literal in literals:
        if literal in text:
            text = text.replace(literal, REDACTED)
    # PostgreSQL's jsonb holds neither NUL nor half a surrogate pair.
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    return (
        text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    )


def _expand(schemas: list[JsonObject], root: JsonObject) -> list[JsonObject]:
    """The schemas themselves and what they refer to or combine; what cannot be followed is a secret."""
    if all(_COMBINING.isdisjoint(schema) for schema in schemas):
        return schemas
    pending, found, seen = list(schemas), list[JsonObject](), set[int]()
    while pending:
        schema = pending.pop()
        if id(schema) in seen:
            continue
        if len(seen) == _MAX_APPLICABLE_SCHEMAS:
            return [_UNREADABLE]
        seen.add(id(schema))
        found.append(schema)
        pending += [branch for branch in _branches(schema, root) if isinstance(branch, dict)]
    return found


def _branches(schema: JsonObject, root: JsonObject) -> Iterator[JsonValue]:
    for keyword in ("$ref", "$dynamicRef"):
        if isinstance(reference := schema.get(keyword), str):
            yield _resolve(reference, root)
    for keyword in ("allOf", "anyOf", "oneOf"):
        if isinstance(several := schema.get(keyword), list):
            yield from several
    for keyword in ("if", "then", "else"):
        yield schema.get(keyword)
    if isinstance(dependent := schema.get("dependentSchemas"), dict):
        yield from dependent.values()


def _resolve(reference: str, root: JsonObject) -> JsonValue:
    """The target of a JSON Pointer within the same document."""
    if not re.match(r"#(?:/|$)", reference):
        return _UNREADABLE
    node: object = root
    for part in unquote(reference).split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            return _UNREADABLE
    return cast("JsonValue", node)


def _members(schemas: list[JsonObject], key: str) -> list[JsonObject]:
    found: list[JsonValue] = []
    for schema in schemas:
        properties = schema.get("properties")
        if isinstance(properties, dict) and key in properties:
            found.append(properties[key])
        else:
            found += [schema.get("additionalProperties"), schema.get("unevaluatedProperties")]
        # Whether the pattern matches is not looked at: a pattern from a row may take forever.
        if isinstance(patterns := schema.get("patternProperties"), dict):
            found += patterns.values()
    return [schema for schema in found if isinstance(schema, dict)]


def _items(schemas: list[JsonObject], index: int) -> list[JsonObject]:
    found: list[JsonValue] = []
    for schema in schemas:
        prefix = schema.get("prefixItems")
        if isinstance(prefix, list) and index < len(prefix):
            found.append(prefix[index])
        else:
            found += [schema.get("items"), schema.get("unevaluatedItems")]
        found.append(schema.get("contains"))
    return [schema for schema in found if isinstance(schema, dict)]


def cut(
    payload: JsonValue, max_bytes: int = MAX_PAYLOAD_BYTES, *, size: int | None = None
) -> tuple[JsonValue, bool]:
    """The payload within `max_bytes` (at least 64) of JSON, and whether it was cut.

    What is too long becomes `{"truncated": "<the beginning of its JSON>", "size": <bytes>}`; `size` is that of the
    whole where the payload is only the beginning.
    """
    encoded = _encode(payload)
    if len(encoded) <= max_bytes:
        return payload, False
    size = size or len(encoded)
    beginning = encoded[:max_bytes].decode("utf-8", "ignore").encode()  # without half a character at its end
    # Every quote in it takes another byte now. Each byte less makes it at least one byte shorter.
    excess = len(_encode({"truncated": beginning.decode(), "size": size})) - max_bytes
    beginning = beginning[: max(0, len(beginning) - excess)]
    return {"truncated": beginning.decode("utf-8", "ignore"), "size": size}, True


def _encode(payload: JsonValue) -> bytes:
    return _COMPACT.encode(payload).encode("utf-8", "replace")
