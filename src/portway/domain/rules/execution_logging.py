"""Rule: every execution is logged, and no secret is ever in the log."""

import base64
import html
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from urllib.parse import quote, quote_plus, unquote

import msgspec

from portway.domain.json_value import JsonObject, JsonValue

REDACTED = "[redacted]"
MAX_PAYLOAD_BYTES = 16_384
MIN_SECRET_LENGTH = 6  # shorter values would blank ordinary words
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
_UNESCAPED = re.compile(r"[A-Za-z0-9._~-]+")
_BASE64 = re.compile(r"[A-Za-z0-9._~+/=-]+")
_ENCODED = re.compile(r"%[0-9A-F]{2}")
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
    literals = _literals(secrets)
    root = schema if isinstance(schema, dict) else {}
    return _redact(payload, [root] if root else [], root, _Masking(literals, enough))


def loggable(
    payload: JsonValue, *, schema: JsonValue = None, secrets: Iterable[str] = ()
) -> tuple[JsonValue, bool]:
    """The payload redacted and cut, and whether it was cut. Spends no time on what will be cut off: millions of small
    values would hold up every other call for a minute.
    """
    beginning = redact(payload, schema=schema, secrets=secrets, enough=MAX_PAYLOAD_BYTES + 1)
    if len(_encode(beginning)) <= MAX_PAYLOAD_BYTES:
        return beginning, False
    try:
        size = len(msgspec.json.encode(payload))
    except (ValueError, OverflowError):  # half a surrogate pair, or a number that is longer than 64 bits
        size = len(_encode(payload))
    return cut(beginning, size=size)


def mask_literals(value: JsonValue, secrets: Iterable[str], *, enough: float = float("inf")) -> JsonValue:
    """A copy of the value in which no text holds one of the secrets, for what is shown to the caller.

    What follows when the copy is `enough` bytes of JSON long is left out.
    """
    return _mask_texts(value, _Masking(_literals(secrets), enough))


def _literals(secrets: Iterable[str]) -> list[str]:
    """All forms of the secrets that are worth looking for, longest first."""
    forms = {
        form for secret in secrets if len(secret) >= MIN_SECRET_LENGTH for form in _literal_forms(secret)
    }
    return sorted(forms, key=len, reverse=True)


def _literal_forms(secret: str) -> Iterator[str]:
    """As it is, and as a service may write it into a text of its own: in JSON (also PHP's), in HTML, in a URL."""
    yield secret
    if _UNESCAPED.fullmatch(secret):
        return
    if _BASE64.fullmatch(secret):
        # The same as below, at a tenth of its cost: every second token is one of these.
        yield secret.replace("/", "\\/")
        for digits in (("%2B", "%3D", "%2F"), ("%2b", "%3d", "%2f")):
            encoded = secret.replace("+", digits[0]).replace("=", digits[1])
            yield from (encoded, encoded.replace("/", digits[2]))
        return
    yield html.escape(secret)
    for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield from (escaped, escaped.replace("/", "\\/"))
    for encode, safe in itertools.product((quote, quote_plus), ("", "/")):
        encoded = encode(secret, safe=safe, errors="replace")
        yield from (encoded, _ENCODED.sub(lambda match: match[0].lower(), encoded))


@dataclass(slots=True)
class _Masking:
    """What to look for, and how many bytes of JSON are wanted yet (counted rather too few than too many)."""

    literals: list[str]
    wanted: float

    def text(self, text: str) -> str:
        masked = _mask(text, self.literals)
        self.wanted -= len(masked)
        return masked

    def scalar(self, value: JsonValue) -> JsonValue:
        masked = _mask_scalar(value, self.literals)
        self.wanted -= len(masked) if isinstance(masked, str) else 1
        return masked

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
            members[masking.text(key)] = (
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
            members[masking.text(key)] = _mask_texts(member, masking)
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
    if isinstance(value, str):
        return _mask(value, literals)
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
    beginning = encoded[:max_bytes]
    # Every quote in it takes another byte now. Each byte less makes it at least one byte shorter.
    excess = len(_encode({"truncated": beginning.decode("utf-8", "ignore"), "size": size})) - max_bytes
    beginning = beginning[: max(0, max_bytes - excess)]
    return {"truncated": beginning.decode("utf-8", "ignore"), "size": size}, True


def _encode(payload: JsonValue) -> bytes:
    return _COMPACT.encode(payload).encode("utf-8", "replace")
