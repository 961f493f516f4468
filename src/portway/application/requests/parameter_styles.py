"""How lists and objects are written in paths, queries, headers, cookies and forms.

The styles are those of OpenAPI 3.1.1 ("Style Values") and RFC 6570, and two of our own: `brackets` nests as PHP and
Rails read it (`a[]=1`, `a[b]=2`), `json` writes the value as JSON. Null is left out, and so is an empty list or object.
No item may hold what separates the items where it would be read as such.
"""

from collections.abc import Callable, Iterator
from urllib.parse import quote

from portway.application.requests.scalar_text import (
    RefusedError,
    json_of,
    percent_encoded,
    text_of,
    unicode_of,
)
from portway.domain.json_value import JsonValue

MAX_DEPTH = 50

Encode = Callable[[str], str]
Member = tuple[str, str, list[str]]
"""A name, what separates the texts that it has, and these."""

_RESERVED = ":/?[]@!$'()*,;="


def encode_reserved(text: str) -> str:
    """For a query, with the reserved characters (RFC 3986, section 2.2) that neither end nor change a value."""
    return quote(text, safe=_RESERVED)


def encode_form(text: str) -> str:
    """For `application/x-www-form-urlencoded`: a space is `+`."""
    return percent_encoded(text).replace("%20", "+")


def members(name: str, value: JsonValue, style: str | None, explode: bool | None) -> list[Member]:
    """What a query or form has for a value, not encoded.

    `style` None is the way that most services read: a list repeats its name, and an object has no place. `explode` None
    is the style's default. Raises RefusedError.
    """
    if value is None:
        return []
    if not _is_several(value) and style != "json":
        return [(name, "", [text_of(value)])]
    if style is None:
        if type(value) is dict:
            raise RefusedError("must be a text, a number, a boolean or a list of them here")
        style = "form"
    return list(_WRITERS[style](name, value, explode))


def joined(separator: str, texts: list[str], encode: Encode) -> str:
    """The texts, encoded, with the separator between them. Raises RefusedError for one that holds the separator."""
    if not separator:
        return encode(texts[0])
    parts = [encode(text) for text in texts]
    written = separator if separator == "," else encode(separator)
    if any(written in part for part in parts):
        raise RefusedError(f"must not have {separator!r} in an item, since that is what separates them")
    return written.join(parts)


def _form(name: str, value: JsonValue, explode: bool | None) -> Iterator[Member]:
    return _listed(name, value, ",", explode is not False)


def _space_delimited(name: str, value: JsonValue, explode: bool | None) -> Iterator[Member]:
    return _listed(name, value, " ", explode is True)


def _pipe_delimited(name: str, value: JsonValue, explode: bool | None) -> Iterator[Member]:
    return _listed(name, value, "|", explode is True)


def _listed(name: str, value: JsonValue, separator: str, explode: bool) -> Iterator[Member]:
    items = _items(value)
    if explode:
        yield from ((name if key is None else key, "", [text]) for key, text in items)
    elif items:
        yield name, separator, _flat(items)


def _deep_object(name: str, value: JsonValue, explode: bool | None) -> Iterator[Member]:
    return _nested(name, value, indexed=True, depth=0)


def _brackets(name: str, value: JsonValue, explode: bool | None) -> Iterator[Member]:
    return _nested(name, value, indexed=False, depth=0)


def _nested(name: str, value: JsonValue, *, indexed: bool, depth: int) -> Iterator[Member]:
    if depth > MAX_DEPTH:
        raise RefusedError("is nested too deeply")
    if type(value) is dict:
        for key, member in value.items():
            if not key or "[" in key or "]" in key:
                raise RefusedError("must not have members with brackets in their names, or without a name")
            yield from _nested(f"{name}[{key}]", member, indexed=indexed, depth=depth + 1)
    elif type(value) is list:
        for index, item in enumerate(value):
            yield from _nested(f"{name}[{index if indexed else ''}]", item, indexed=indexed, depth=depth + 1)
    elif value is not None:
        yield name, "", [text_of(value)]


def _json(name: str, value: JsonValue, explode: bool | None) -> Iterator[Member]:
    yield name, "", [json_of(value)]


_WRITERS: dict[str, Callable[[str, JsonValue, bool | None], Iterator[Member]]] = {
    "form": _form,
    "spaceDelimited": _space_delimited,
    "pipeDelimited": _pipe_delimited,
    "deepObject": _deep_object,
    "brackets": _brackets,
    "json": _json,
}
QUERY_STYLES = frozenset(_WRITERS)
PATH_STYLES = frozenset({"simple", "label", "matrix", "json"})
HEADER_STYLES = frozenset({"simple", "json"})
COOKIE_STYLES = frozenset({"form", "json"})


def path_segment(name: str, value: JsonValue, style: str, explode: bool) -> str:
    """A value as (part of) one path segment, encoded; empty for one that is empty. Raises RefusedError."""
    if style == "json":
        return percent_encoded(json_of(value))
    if style == "matrix":
        return _matrix(percent_encoded(name), value, explode)
    if not _is_several(value):
        text = percent_encoded(text_of(value))
    elif not (texts := _texts(value, explode, percent_encoded)):
        return ""
    else:
        text = joined("." if style == "label" and explode else ",", texts, str)
    return f".{text}" if style == "label" else text


def _matrix(name: str, value: JsonValue, explode: bool) -> str:
    if not _is_several(value):
        parts = [_matrix_part(name, percent_encoded(text_of(value)))]
    elif not explode:
        texts = _texts(value, explode, percent_encoded)
        parts = [_matrix_part(name, ",".join(texts))] if texts else []
    else:
        parts = [
            _matrix_part(percent_encoded(key) if key else name, percent_encoded(text))
            for key, text in _items(value)
        ]
    return "".join(parts)


def _matrix_part(name: str, text: str) -> str:
    return f";{name}={text}" if text else f";{name}"


def header_text(value: JsonValue, style: str, explode: bool) -> str | None:
    """A value as a header field's, which encodes nothing; None for an empty list or object. Raises RefusedError."""
    if style == "json":
        return json_of(value)
    if not _is_several(value):
        return text_of(value)
    texts = _texts(value, explode, str)
    return joined(",", texts, str) if texts else None


def _is_several(value: JsonValue) -> bool:
    # A file is a dict of its own kind, and never taken apart.
    return type(value) is list or type(value) is dict


def _items(value: JsonValue) -> list[tuple[str | None, str]]:
    """The items of a list, without names, or the members of an object; what is null is left out."""
    if type(value) is dict:
        return [(unicode_of(key), text_of(item)) for key, item in value.items() if item is not None]
    assert type(value) is list  # noqa: S101
    return [(None, text_of(item)) for item in value if item is not None]


def _flat(items: list[tuple[str | None, str]]) -> list[str]:
    return [part for item in items for part in item if part is not None]


def _texts(value: JsonValue, explode: bool, encode: Encode) -> list[str]:
    """The texts of several values, encoded: `name=value` for the members of an object that is exploded."""
    items = _items(value)
    if not explode or type(value) is list:
        return [encode(text) for text in _flat(items)]
    members = [(encode(key or ""), encode(text)) for key, text in items]
    if any("=" in key for key, _ in members):
        raise RefusedError("must not have a member with '=' in its name")
    return [f"{key}={text}" for key, text in members]
