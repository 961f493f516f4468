"""How lists and objects are written in paths, queries, headers, cookies and forms.

The styles are those of OpenAPI 3.1 (section 4.8.12.3) and RFC 6570, and two of our own: `brackets` nests as PHP and
Rails read it (`a[]=1`, `a[b]=2`), `json` writes the value as JSON. Null is left out everywhere.
"""

from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

from portway.application.requests.scalar_text import RefusedError, json_of, text_of
from portway.domain.json_value import JsonValue

MAX_DEPTH = 50

Pair = tuple[str, str]
Encode = Callable[[str], str]

# RFC 3986, section 2.2, without those that would end or change a query: `&`, `#`, `+`, `=` and `%`.
_RESERVED = ":/?[]@!$'()*,;"


def encode_query(text: str) -> str:
    """For a query (RFC 3986): everything but letters, digits and `-._~` is percent-encoded."""
    return quote(text, safe="")


def encode_query_reserved(text: str) -> str:
    """The same, with reserved characters that are harmless in a query as they are."""
    return quote(text, safe=_RESERVED)


def encode_form(text: str) -> str:
    """For `application/x-www-form-urlencoded`: a space is `+`."""
    return quote_plus(text, safe="")


def pairs(
    name: str, value: JsonValue, style: str | None, explode: bool | None, encode: Encode = encode_query
) -> list[str]:
    """`name=value` pairs for a query or form, encoded.

    `style` None is a query as most services read it: a list repeats its name. Raises RefusedError.
    """
    if value is None:
        return []
    if style in (None, "form") and not isinstance(value, list | dict):
        return [f"{encode(text_of(name))}={encode(text_of(value))}"]
    written = _WRITERS[style or "form"](name, value, style is None, explode)
    return [
        f"{encode(text_of(key))}={delimited.join(map(encode, parts))}" for key, delimited, parts in written
    ]


_Written = Iterator[tuple[str, str, list[str]]]
"""Name, what stands between the parts (encoded already), and the parts."""


def _form(name: str, value: JsonValue, is_default: bool, explode: bool | None) -> _Written:
    exploded = explode is not False
    if isinstance(value, list):
        texts = [text_of(item) for item in value if item is not None]
        if exploded:
            yield from ((name, "", [text]) for text in texts)
        elif texts:
            yield name, ",", texts
    elif isinstance(value, dict):
        if is_default:
            raise RefusedError("must be a text, a number, a boolean or a list of them here")
        members = [(key, text_of(member)) for key, member in value.items() if member is not None]
        if exploded:
            yield from ((key, "", [text]) for key, text in members)
        elif members:
            yield name, ",", [part for member in members for part in member]
    else:
        yield name, "", [text_of(value)]


def _delimited(delimiter: str) -> Callable[[str, JsonValue, bool, bool | None], _Written]:
    def write(name: str, value: JsonValue, is_default: bool, explode: bool | None) -> _Written:
        if explode or not isinstance(value, list | dict):
            yield from _form(name, value, is_default, explode=True)
            return
        items = value if isinstance(value, list) else [part for member in value.items() for part in member]
        if texts := [text_of(item) for item in items if item is not None]:
            yield name, delimiter, texts

    return write


def _deep_object(name: str, value: JsonValue, is_default: bool, explode: bool | None) -> _Written:
    yield from ((key, "", [text]) for key, text in _nested(name, value, indexed=True, depth=0))


def _brackets(name: str, value: JsonValue, is_default: bool, explode: bool | None) -> _Written:
    yield from ((key, "", [text]) for key, text in _nested(name, value, indexed=False, depth=0))


def _nested(name: str, value: JsonValue, *, indexed: bool, depth: int) -> Iterator[Pair]:
    if depth > MAX_DEPTH:
        raise RefusedError("is nested too deeply")
    if isinstance(value, dict):
        for key, member in value.items():
            if set(key) & set("[]"):
                raise RefusedError("must not have brackets in the names of its members")
            yield from _nested(f"{name}[{key}]", member, indexed=indexed, depth=depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nested(f"{name}[{index if indexed else ''}]", item, indexed=indexed, depth=depth + 1)
    elif value is not None:
        yield name, text_of(value)


def _json(name: str, value: JsonValue, is_default: bool, explode: bool | None) -> _Written:
    yield name, "", [json_of(value)]


_WRITERS: dict[str, Callable[[str, JsonValue, bool, bool | None], _Written]] = {
    "form": _form,
    "spaceDelimited": _delimited("%20"),
    "pipeDelimited": _delimited("%7C"),
    "deepObject": _deep_object,
    "brackets": _brackets,
    "json": _json,
}
QUERY_STYLES = frozenset(_WRITERS)
PATH_STYLES = frozenset({"simple", "label", "matrix", "json"})
HEADER_STYLES = frozenset({"simple", "json"})
COOKIE_STYLES = frozenset({"form", "json"})


def path_segment(name: str, value: JsonValue, style: str, explode: bool) -> str:
    """A value as one path segment, encoded. Raises RefusedError."""
    if style == "json":
        return encode_query(json_of(value))
    if style == "simple":
        return ",".join(_parts(value, explode))
    if style == "label":
        return "." + ("." if explode else ",").join(_parts(value, explode))
    key = encode_query(text_of(name))
    if isinstance(value, dict) and explode:
        return "".join(f";{part}" for part in _parts(value, explode))
    if isinstance(value, list) and explode:
        return "".join(f";{key}={part}" for part in _parts(value, explode))
    return f";{key}={','.join(_parts(value, explode))}"


def header_text(value: JsonValue, style: str, explode: bool) -> str:
    """A value as a header field's (style `simple`, or `json`), which encodes nothing. Raises RefusedError."""
    if style == "json":
        return json_of(value)
    return ",".join(_parts(value, explode, encode=str))


def _parts(value: JsonValue, explode: bool, encode: Encode = encode_query) -> list[str]:
    if isinstance(value, list):
        return [encode(text_of(item)) for item in value if item is not None]
    if isinstance(value, dict):
        members = [(encode(key), encode(text_of(item))) for key, item in value.items() if item is not None]
        if explode:
            return [f"{key}={text}" for key, text in members]
        return [part for member in members for part in member]
    return [encode(text_of(value))]
