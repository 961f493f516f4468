"""Where the paths of an OpenAPI document are (version 3.1.1, sections 4.8.5 and 4.8.6)."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from portway.infrastructure.importers.openapi_document import Json, OpenApiDocument, items, members, text

UNKNOWN = "https://server.invalid"
"""Stands for a server that the document does not name (RFC 2606)."""

_VARIABLE = re.compile(r"\{([^{}]+)\}")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
_HOST_PATTERN = r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$"
_PATH_VALUE = re.compile(r"[A-Za-z0-9._~-]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Base:
    """`base_url` of an integration, and the properties of its `config_schema`."""

    url: str
    properties: Json


def base_of(document: OpenApiDocument, operations: Iterable[object], source_url: str | None) -> Base:
    """The first server of the document that is somewhere; else that of most operations, or where it came from."""
    servers = _servers(document.contents)
    if len(servers) > 1:
        document.notes.add(f"Of {len(servers)} servers the first is taken")
    somewhere = [base for server in servers or [{"url": "/"}] if (base := _server(server, source_url))]
    if somewhere:
        return next((base for base in somewhere if base.url == _secure(somewhere[0].url)), somewhere[0])
    count = Counter(
        found for node in operations for server in _servers(node) if (found := address(server, source_url))
    )
    if count:
        return Base(count.most_common(1)[0][0], {})
    document.notes.add("The document names no server: give its address as base_url")
    return Base(UNKNOWN, {})


def is_elsewhere(base: Base, nodes: Iterable[object], source_url: str | None) -> bool:
    """Whether an operation says that it is at other servers: the first of the nodes that names any decides."""
    for node in nodes:
        if servers := _servers(node):
            found = {address(server, source_url) for server in servers} - {None}
            return bool(found) and _secure(base.url) not in map(_secure, filter(None, found))
    return False


def _secure(url: str) -> str:
    """The same by https, which many documents list behind http."""
    return f"https:{url[5:]}" if url.startswith("http:") else url


def address(server: Json, source_url: str | None) -> str | None:
    """The URL of a server, with the config's values in braces; None for one that is nowhere."""
    found = _server(server, source_url)
    return found.url if found else None


def _servers(node: object) -> list[Json]:
    return [server for server in items(node, "servers") if isinstance(server, dict)]


def _server(server: Json, source_url: str | None) -> Base | None:
    variables = members(server, "variables")
    properties: Json = {}
    url = text(server, "url").strip() or "/"
    url = f"https:{url}" if url.startswith("//") else url
    scheme, mark, rest = url.partition("://")
    authority, slash, path = rest.partition("/") if mark else ("", "", url)

    def replaced(part: str, *, in_authority: bool) -> str:
        return _VARIABLE.sub(
            lambda match: _placed(match[1], variables, properties, in_authority=in_authority), part
        )

    scheme = _VARIABLE.sub(lambda match: text(members(variables, match[1]), "default") or "https", scheme)
    written = replaced(path, in_authority=False)
    url = f"{scheme}{mark}{replaced(authority, in_authority=True)}{slash}{written}" if mark else written
    if not mark and source_url and urlsplit(source_url).scheme in ("http", "https"):
        url = joined(source_url, url)
    if not url.lower().startswith(("http://", "https://")):
        return None
    return Base(url.partition("?")[0].partition("#")[0].rstrip("/"), properties)


def _placed(name: str, variables: Json, properties: Json, *, in_authority: bool) -> str:
    """The variable as one of the connection's config, or its default where its values fit nowhere else."""
    variable = members(variables, name)
    default, values = (
        text(variable, "default"),
        [one for one in items(variable, "enum") if isinstance(one, str)],
    )
    known = [*values, *([default] if default else [])]
    is_usable = _NAME.fullmatch(name) and all(
        (re.fullmatch(_HOST_PATTERN, one) if in_authority else _PATH_VALUE.fullmatch(one)) for one in known
    )
    if not is_usable or default.isdecimal():
        return default
    schema: Json = {"type": "string", "title": name.replace("_", " ").capitalize()}
    if words := text(variable, "description"):
        schema["description"] = words
    if values:
        schema["enum"] = values
    if in_authority and not all(_LABEL.fullmatch(one) for one in known):
        schema["pattern"] = _HOST_PATTERN
    if default:
        schema["default"] = default
    properties[name] = schema
    return f"{{{name}}}"


def joined(base: str, url: str) -> str:
    """The URL, relative to the base; as it is where one of the two is none."""
    try:
        return urljoin(base, url)
    except ValueError:
        return url
