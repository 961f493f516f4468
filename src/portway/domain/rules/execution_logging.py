"""Rule: every execution is logged, and no secret is ever in the log."""

import json
import re
from collections.abc import Iterable, Iterator

from portway.domain.json_value import JsonObject, JsonValue

REDACTED = "[redacted]"
MAX_PAYLOAD_BYTES = 16_384
MIN_SECRET_LENGTH = 6  # shorter values would blank ordinary words
_MAX_APPLICABLE_SCHEMAS = 128

_SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:password|passwd|passphrase|secret|token|api_?key|apikey|authorization|credentials?|cookie|"
    r"private_?key|client_?secret|access_?key|session_?key|signature|pin|cvv|cvc)(?:$|[_.-])"
)
_NOT_SECRET = frozenset({"page_token", "next_page_token", "sync_token", "next_sync_token"})
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_secret_name(name: str) -> bool:
    """Whether a member of this name holds a secret by convention, in snake_case, camelCase or kebab-case."""
    snake = _CAMEL.sub("_", name).lower().replace("-", "_")
    return snake not in _NOT_SECRET and _SECRET_NAME.search(snake) is not None


def redact(payload: JsonValue, *, schema: JsonValue = None, secrets: Iterable[str] = ()) -> JsonValue:
    """A copy of the payload that is fit for the log.

    Masked are members with a secret's name, what `schema` marks as `writeOnly` or `format: password`, and every
    occurrence of one of the literal `secrets`, wherever a service echoes it.
    """
    literals = sorted(
        {form for secret in secrets if len(secret) >= MIN_SECRET_LENGTH for form in _literal_forms(secret)},
        key=len,
        reverse=True,
    )
    root = schema if isinstance(schema, dict) else {}
    return _redact(payload, [root] if root else [], root, literals)


def _literal_forms(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]


def _redact(value: JsonValue, schemas: list[JsonObject], root: JsonObject, literals: list[str]) -> JsonValue:
    applicable = list(_expand(schemas, root))
    if any(schema.get("writeOnly") is True or schema.get("format") == "password" for schema in applicable):
        return REDACTED
    if isinstance(value, dict):
        return {
            _mask(key, literals): REDACTED
            if is_secret_name(key) and member not in (None, "")
            else _redact(member, _members(applicable, key), root, literals)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [_redact(item, _items(applicable, index), root, literals) for index, item in enumerate(value)]
    if isinstance(value, str):
        return _mask(value, literals)
    return value


def _mask(text: str, literals: list[str]) -> str:
    for literal in literals:
        if literal in text:
            text = text.replace(literal, REDACTED)
    # PostgreSQL's jsonb holds neither NUL nor half a surrogate pair.
    return text.replace("\x00", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _expand(schemas: list[JsonObject], root: JsonObject) -> Iterator[JsonObject]:
    """The schemas themselves and what they refer to or combine."""
    pending, seen = list(schemas), 0
    while pending and seen < _MAX_APPLICABLE_SCHEMAS:
        seen += 1
        schema = pending.pop()
        yield schema
        reference = schema.get("$ref")
        branches: list[JsonValue] = [_resolve(reference, root) if isinstance(reference, str) else None]
        for keyword in ("allOf", "anyOf", "oneOf"):
            several = schema.get(keyword)
            branches += several if isinstance(several, list) else []
        branches += [schema.get("then"), schema.get("else")]
        pending += [branch for branch in branches if isinstance(branch, dict)]


def _resolve(reference: str, root: JsonObject) -> JsonValue:
    """The target of a `$ref` within the same document, None for any other."""
    node: JsonValue = dict(root)
    if not reference.startswith("#/"):
        return node if reference == "#" else None
    for part in reference[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or key not in node:
            return None
        node = node[key]
    return node


def _members(schemas: list[JsonObject], key: str) -> list[JsonObject]:
    found: list[JsonObject] = []
    for schema in schemas:
        properties = schema.get("properties")
        if isinstance(properties, dict) and isinstance(member := properties.get(key), dict):
            found.append(member)
        elif isinstance(rest := schema.get("additionalProperties"), dict):
            found.append(rest)
    return found


def _items(schemas: list[JsonObject], index: int) -> list[JsonObject]:
    found: list[JsonObject] = []
    for schema in schemas:
        prefix, items = schema.get("prefixItems"), schema.get("items")
        if isinstance(prefix, list) and index < len(prefix) and isinstance(member := prefix[index], dict):
            found.append(member)
        elif isinstance(items, dict):
            found.append(items)
    return found


def cut(payload: JsonValue, max_bytes: int = MAX_PAYLOAD_BYTES) -> tuple[JsonValue, bool]:
    """The payload within `max_bytes` of JSON, and whether it was cut.

    What is too long becomes `{"truncated": "<the beginning of its JSON>", "size": <bytes>}`.
    """
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= max_bytes:
        return payload, False
    return {"truncated": encoded[:max_bytes].decode("utf-8", "ignore"), "size": len(encoded)}, True
