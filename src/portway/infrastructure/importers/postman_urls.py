"""Where the requests of a Postman collection go: the address that they share, and the path and query of each."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from portway.infrastructure.importers.openapi_action import ActionDraft
from portway.infrastructure.importers.openapi_document import Json, items, text
from portway.infrastructure.importers.postman_examples import scalar_schema
from portway.infrastructure.importers.postman_variables import (
    VARIABLE,
    Variables,
    description_of,
    names_in,
    plain_name,
)

# A whole address, as a connection's config may have it.
_ADDRESS_PATTERN = r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# A variable, a place as templates write it, or one as Postman does, at the beginning of a segment.
_PLACE = re.compile(r"\{\{([^{}]*)\}\}|\{([A-Za-z_][A-Za-z0-9_-]*)\}|^:([A-Za-z_][A-Za-z0-9_-]*)(?=$|[.:])")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\\"<>^`|{}#]")


@dataclass(frozen=True, slots=True)
class RequestUrl:
    """`base` is all before the path, with its variables. `query` are {key, value, description, disabled}, `variables`
    what is said of the places of the path.
    """

    base: str
    segments: list[str]
    query: list[Json]
    variables: dict[str, Json]


def request_url(url: object) -> RequestUrl:
    """From Postman's parts of it, or a text."""
    if isinstance(url, str):
        return _parsed(url)
    host = url.get("host") if isinstance(url, dict) else None
    if not isinstance(host, str | list) or not host:
        return _parsed(text(url, "raw"))
    name = host if isinstance(host, str) else ".".join(map(str, host))
    protocol, port = text(url, "protocol"), text(url, "port")
    is_whole = VARIABLE.match(name) is not None and not protocol
    scheme = "" if is_whole else f"{protocol or 'https'}://"
    base = f"{scheme}{name}{f':{port}' if port else ''}"
    path = url.get("path") if isinstance(url, dict) else None
    segments = path.split("/") if isinstance(path, str) else [_segment(one) for one in items(url, "path")]
    query = [one for one in items(url, "query") if isinstance(one, dict)]
    variables = {
        text(one, "key") or text(one, "id"): one for one in items(url, "variable") if isinstance(one, dict)
    }
    return RequestUrl(base, segments, query, variables)


def shared_base(base: str, variables: Variables) -> tuple[str, Json]:
    """A `base_url`, and the schema of the config that it takes.

    A variable that is the whole address has the collection's value; one that is a part of it is the connection's.
    """
    if (whole := VARIABLE.fullmatch(base)) is not None:
        value = variables.filled(base)
        if VARIABLE.fullmatch(value):
            name = plain_name(whole[1])
            member = {"type": "string", "title": "Address", "pattern": _ADDRESS_PATTERN}
            return f"{{{name}}}", _config({name: member})
        base = value if _SCHEME.match(value) else f"https://{value}"
    elif not _SCHEME.match(base):  # a variable at its beginning, which holds the scheme or not
        first = VARIABLE.match(base)
        value = variables.filled(first[0]) if first else ""
        base = value + base[first.end() :] if first and _SCHEME.match(value) else f"https://{base}"
    members: dict[str, Json] = {}
    for name in names_in(base):
        known = variables.value(name)
        members[plain_name(name)] = {"type": "string"} | ({"default": known} if known else {})
    base = VARIABLE.sub(lambda match: f"{{{plain_name(match[1])}}}", base)
    return base.rstrip("/"), _config(members) if members else {}


def add_path(draft: ActionDraft, url: RequestUrl, variables: Variables) -> None:
    """Gives the draft its path. A variable of the collection stands for its value unless the caller says otherwise."""
    draft.endpoint_path = f"/{'/'.join(map(_template, url.segments)).lstrip('/')}"
    originals = {plain_name(name): name for segment in url.segments for name in names_in(segment)}
    for name in dict.fromkeys(re.findall(r"\{([^{}]*)\}", draft.endpoint_path)):
        said = url.variables.get(name, {})
        value = variables.value(originals[name]) if name in originals else None
        schema = scalar_schema(name, text(said, "value"), description_of(said))
        added = draft.add("path", name, schema, required=value is None)
        if value is not None:
            draft.operations.append({"op": "default", "parameter": added, "value": value})


def _template(segment: str) -> str:
    """With `{name}` for each place, and what may not stand in a path encoded."""
    written, end = "", 0
    for match in _PLACE.finditer(segment):
        name = plain_name(match[1]) if match[1] is not None else match[2] or match[3]
        written += f"{_UNSAFE.sub(_encoded, segment[end : match.start()])}{{{name}}}"
        end = match.end()
    return written + _UNSAFE.sub(_encoded, segment[end:])


def _parsed(raw: str) -> RequestUrl:
    raw = raw.partition("#")[0]
    before, _, query_text = raw.partition("?")
    scheme = _SCHEME.match(before)
    start = scheme.end() if scheme else 0
    end = before.find("/", start)
    base, path = (before, "") if end < 0 else (before[:end], before[end:])
    if not scheme and not VARIABLE.match(base):
        base = f"https://{base}" if base else ""
    pairs = (pair.partition("=") for pair in query_text.split("&") if pair)
    query: list[Json] = [
        {"key": unquote_plus(name), "value": unquote_plus(value)} for name, _, value in pairs
    ]
    return RequestUrl(base, path.split("/")[1:], query, {})


def _segment(part: Any) -> str:
    return text(part, "value") if isinstance(part, dict) else str(part)


def _config(members: dict[str, Json]) -> Json:
    return {"type": "object", "required": sorted(members), "properties": dict(members)}


def _encoded(match: re.Match[str]) -> str:
    return f"%{ord(match.group()):02X}"
