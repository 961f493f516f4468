"""URLs with places for values: an integration's `base_url` and an action's `endpoint_path`.

`{name}` takes one path segment (or, after `?`, one query value): everything but letters, digits and `-._~` is
percent-encoded. `{+name}` takes a path of several segments: slashes stay. Neither can end up as a `.` or `..`
segment, as an empty segment, or outside of its place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote_plus, urlsplit

from portway.application.language.documents import auth_config
from portway.application.requests.scalar_text import percent_encoded
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import Integration

_VARIABLE = re.compile(r"\{(\+?)([^{}/?#\s+]+)\}")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\\"<>^`|]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# Some servers take what follows a `;` for no part of the segment.
_DOT_SEGMENT = re.compile(r"/(?:\.|%2[eE]){1,2}(?=[/;]|$)")
_DNS_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[0-9]{1,5})?")
_BASE = re.compile(r"(https?://)([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_WHOLE = re.compile(r"\{([^{}/?#\s+]+)\}((?:/.*)?)", re.DOTALL)
_WHOLE_VALUE = re.compile(rf"https?://{_HOST.pattern}(?:/[A-Za-z0-9._~/-]*)?", re.IGNORECASE)
NO_NAMES: frozenset[str] = frozenset()
# `smtp` is for integrations of a handler that speaks it. The HTTP client calls no such address.
_SCHEMES = ("http", "https", "smtp")
_LITERAL_SAFE = "/:@!$&'()*+,;=~%?"


class UnusableValueError(Exception):
    """A value that cannot take the place `name`; `args[0]` says why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name
        self.reason = reason


class EncodedSegment(str):
    """A value that is encoded for its place already."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Variable:
    """A place for a value. `several` for `{+name}`."""

    name: str
    several: bool


Piece = str | Variable


@dataclass(frozen=True, slots=True)
class EndpointTemplate:
    """A parsed `endpoint_path`. `fixed_query` are the names that its query sets itself; `segments` are those of `names`
    that are a segment, or part of one.
    """

    path: tuple[Piece, ...]
    query: tuple[Piece, ...]
    names: frozenset[str]
    segments: frozenset[str]
    fixed_query: frozenset[str]

    def expand_path(self, values: Mapping[str, str]) -> str:
        """The path, encoded, with its leading slash. `values` has all names. Raises UnusableValueError."""
        path = "".join(
            [piece if isinstance(piece, str) else _path_value(piece, values) for piece in self.path]
        )
        if _DOT_SEGMENT.search(path):
            dotted = (
                piece for piece in self.path if isinstance(piece, Variable) and "." in values[piece.name]
            )
            raise UnusableValueError(next(dotted).name, "must not make a `.` or `..` segment of the path")
        return path

    def expand_query(self, values: Mapping[str, str]) -> str:
        """The query without its `?`, encoded; empty where the template has none."""
        return "".join(
            piece if isinstance(piece, str) else percent_encoded(values[piece.name]) for piece in self.query
        )


@lru_cache(maxsize=4096)
def parse_endpoint(endpoint_path: str) -> EndpointTemplate:
    """Raises InvalidIntegrationConfig for what is not a path with an optional query."""
    path, _, query = endpoint_path.partition("?")
    if path.startswith("//") or _SCHEME.match(path):
        raise InvalidIntegrationConfig("endpoint_path must be a path under base_url, not a URL.")
    if "#" in endpoint_path or _UNSAFE.search(endpoint_path):
        raise InvalidIntegrationConfig("endpoint_path must not contain `#`, spaces, backslashes or quotes.")
    pieces = _pieces(path if path.startswith("/") or not path else f"/{path}", "endpoint_path")
    query_pieces = _pieces(query, "endpoint_path")
    if any(isinstance(piece, Variable) and piece.several for piece in query_pieces):
        raise InvalidIntegrationConfig("endpoint_path has a `{+name}` in its query; write `{name}` there.")
    if _DOT_SEGMENT.search("".join(piece if isinstance(piece, str) else "x" for piece in pieces)):
        raise InvalidIntegrationConfig("endpoint_path must not contain `.` or `..` segments.")
    names = frozenset(piece.name for piece in pieces + query_pieces if isinstance(piece, Variable))
    segments = frozenset(piece.name for piece in pieces if isinstance(piece, Variable) and not piece.several)
    fixed = frozenset(unquote_plus(pair.partition("=")[0]) for pair in query.split("&") if pair)
    return EndpointTemplate(pieces, query_pieces, names, segments, fixed)


def _pieces(template: str, where: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    position = 0
    for match in _VARIABLE.finditer(template):
        pieces.append(_literal(template[position : match.start()], where))
        pieces.append(Variable(match.group(2), several=match.group(1) == "+"))
        position = match.end()
    pieces.append(_literal(template[position:], where))
    return tuple(piece for piece in pieces if piece != "")


def _literal(text: str, where: str) -> str:
    if "{" in text or "}" in text:
        raise InvalidIntegrationConfig(f"{where} has a brace that is not part of a `{{name}}`.")
    return quote(text, safe=_LITERAL_SAFE)


def _path_value(variable: Variable, values: Mapping[str, str]) -> str:
    value = values[variable.name]
    if isinstance(value, EncodedSegment):
        return value
    if not variable.several:
        if not value:
            raise UnusableValueError(variable.name, "must not be empty, it is part of the path")
        return percent_encoded(value)
    if "" in value.split("/")[:-1] or not value:
        raise UnusableValueError(variable.name, "must be a path without empty segments or a leading slash")
    return quote(value, safe="/")


def integration_base(integration: Integration, config: Mapping[str, object]) -> str:
    """The `base_url` of an integration for a connection's `config`. Raises InvalidIntegrationConfig, which names it."""
    base_url = integration.base_url
    try:
        return expand_base_url(base_url, config, wide_names(integration) if "{" in base_url else NO_NAMES)
    except InvalidIntegrationConfig as error:
        raise InvalidIntegrationConfig(f"Integration {integration.slug!r}: {error.detail}") from None


def wide_names(integration: Integration) -> frozenset[str]:
    """The config values that may be more than one label of a host name: `config_schema` has a `pattern` for them, which
    they were held against when they were given.
    """
    properties = (auth_config(integration).config_schema or {}).get("properties")
    if not isinstance(properties, dict):
        return NO_NAMES
    return frozenset(
        name
        for name, schema in properties.items()
        if isinstance(schema, dict) and isinstance(schema.get("pattern"), str)
    )


def expand_base_url(base_url: str, values: Mapping[str, object], wide: frozenset[str] = NO_NAMES) -> str:
    """An integration's `base_url`, with the connection's own `values` in it, without a slash at its end.

    What goes into the authority is a single DNS label, so that a value never moves the request to another domain; one
    of the `wide` names may be a host name, or, at the beginning, a whole http or https URL. Raises
    InvalidIntegrationConfig.
    """
    is_template = "{" in base_url or "}" in base_url
    return _check_base(_fill_base(base_url, values, wide) if is_template else base_url)


def check_base_url(base_url: str, wide: frozenset[str] = NO_NAMES) -> None:
    """Raises InvalidIntegrationConfig for what is no `base_url`, whatever the values."""
    whole = _WHOLE.fullmatch(base_url)
    names = (match.group(2) for match in _VARIABLE.finditer(base_url))
    values = dict.fromkeys(names, "example")
    expand_base_url(base_url, values | ({whole.group(1): "https://example.com"} if whole else {}), wide)


def _fill_base(base_url: str, values: Mapping[str, object], wide: frozenset[str]) -> str:
    if (whole := _WHOLE.fullmatch(base_url)) is not None:
        name, rest = whole.groups()
        begin = _whole_url(name, values, wide)
        return begin + "".join(
            _filled(piece, values, wide, in_authority=False) for piece in _pieces(rest, "base_url")
        )
    match = _BASE.fullmatch(base_url)
    if match is None:
        raise InvalidIntegrationConfig("base_url must begin with https:// or http://.")
    scheme, authority, rest = match.groups()
    return "".join(
        _filled(piece, values, wide, in_authority=text is authority)
        for text in (scheme, authority, rest)
        for piece in _pieces(text, "base_url")
    )


def _filled(piece: Piece, values: Mapping[str, object], wide: frozenset[str], *, in_authority: bool) -> str:
    if isinstance(piece, str):
        return piece
    name = piece.name
    value = _config_value(name, values)
    if in_authority:
        shape, what = (_HOST, "a host name") if name in wide else (_DNS_LABEL, "a single part of a host name")
        if not shape.fullmatch(value):
            raise InvalidIntegrationConfig(
                f"The connection's `{name}` must be {what}: letters, digits and hyphens."
            )
        return value
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise InvalidIntegrationConfig(f"The connection's `{name}` is not valid Unicode.") from None


def _whole_url(name: str, values: Mapping[str, object], wide: frozenset[str]) -> str:
    if name not in wide:
        raise InvalidIntegrationConfig(
            f"base_url begins with {{{name}}}, so auth_config.config_schema must have a `pattern` for it."
        )
    value = _config_value(name, values)
    if not _WHOLE_VALUE.fullmatch(value):
        raise InvalidIntegrationConfig(
            f"The connection's `{name}` must be an http or https URL without a user name, query or fragment."
        )
    return value.rstrip("/")


def _config_value(name: str, values: Mapping[str, object]) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidIntegrationConfig(f"base_url needs the connection's `{name}`, which it does not have.")
    return value


@lru_cache(maxsize=4096)
def _check_base(base_url: str) -> str:
    if _UNSAFE.search(base_url) or not base_url.isascii():
        raise InvalidIntegrationConfig(
            "base_url must be ASCII without spaces (host names in their xn-- form)."
        )
    try:
        parts = urlsplit(base_url)
        port = parts.port
    except ValueError as error:
        raise InvalidIntegrationConfig(f"base_url is not a URL: {error}.") from None
    if parts.scheme.lower() not in _SCHEMES or not parts.hostname or port == 0:
        raise InvalidIntegrationConfig("base_url must be an http or https URL with a host.")
    if "@" in parts.netloc:
        raise InvalidIntegrationConfig("base_url must not hold a user name or password.")
    if "?" in base_url or "#" in base_url:
        raise InvalidIntegrationConfig("base_url must not have a query or a fragment.")
    if _DOT_SEGMENT.search(parts.path):
        raise InvalidIntegrationConfig("base_url must not contain `.` or `..` segments.")
    return base_url.rstrip("/")
