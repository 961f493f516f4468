"""The reference page: the OpenAPI document as plain HTML, without a script and without anything from elsewhere."""

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from html import escape
from importlib import resources
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from portway.api.problems import KNOWN_PROBLEMS

_STYLE = resources.files("portway.api").joinpath("reference.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"
_METHODS = ("get", "post", "put", "patch", "delete")
_MAX_DEPTH = 4  # of members within members; below, the type's name must do

_CODE = re.compile(r"`([^`]+)`")

Document = Mapping[str, Any]


def page_of(document: Callable[[], Document]) -> Callable[[Request], Awaitable[Response]]:
    """A handler that answers with the page for the document."""

    async def page(_request: Request) -> Response:
        return HTMLResponse(render(document()), headers={"Content-Security-Policy": _POLICY})

    return page


def render(document: Document) -> str:
    """The whole page."""
    tags = _operations_by_tag(document)
    contents = "".join(f'<li><a href="#tag-{_slug(tag)}">{escape(tag)}</a></li>' for tag in tags)
    sections = "".join(
        f'<section id="tag-{_slug(tag)}"><h2>{escape(tag)}</h2>'
        + "".join(_operation(document, *operation) for operation in operations)
        + "</section>"
        for tag, operations in tags.items()
    )
    info = document["info"]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} API reference</title><style>{_STYLE}</style></head><body>"
        f"<nav aria-label='Contents'><strong>{escape(info['title'])}</strong> {escape(info['version'])}<ul>{contents}"
        '<li><a href="#problems">Problems</a></li></ul></nav><main>'
        f"<h1>API reference</h1><p>{_prose(info.get('description', ''))}</p>"
        '<p>For programs: <a href="/api/v2/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>'
        f"{sections}{_problems()}</main></body></html>"
    )


def _operations_by_tag(document: Document) -> dict[str, list[tuple[str, str, Document]]]:
    tags: dict[str, list[tuple[str, str, Document]]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                tag = next(iter(item[method].get("tags", ())), "Other")
                tags.setdefault(tag, []).append((method, path, item[method]))
    return tags


def _operation(document: Document, method: str, path: str, operation: Document) -> str:
    name = escape(operation["operationId"])
    return (
        f'<article id="{name}"><h3><span class="method">{method.upper()}</span> <code>{escape(path)}</code> '
        f'<a class="anchor" href="#{name}" aria-label="Link to {name}">#</a></h3>'
        f"<p>{_prose(operation.get('description') or operation.get('summary', ''))}</p>"
        f"{_parameters(document, operation)}{_body(document, operation)}{_responses(document, operation)}</article>"
    )


def _parameters(document: Document, operation: Document) -> str:
    rows = "".join(
        _row(
            document,
            entry["name"],
            entry.get("schema", {}),
            required=entry.get("required", False),
            described=entry,
        )
        for entry in operation.get("parameters", ())
    )
    return f"<h4>Parameters</h4><table>{rows}</table>" if rows else ""


def _body(document: Document, operation: Document) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    return "".join(
        f"<h4>Body <code>{escape(media_type)}</code></h4>{_members(document, entry.get('schema', {}))}"
        for media_type, entry in content.items()
    )


def _responses(document: Document, operation: Document) -> str:
    items = []
    for status, response in sorted(operation["responses"].items()):
        schemas = [entry.get("schema", {}) for entry in response.get("content", {}).values()]
        members = "" if int(status) >= 400 else "".join(_members(document, schema) for schema in schemas)
        items.append(f"<li><strong>{status}</strong> {escape(response.get('description', ''))}{members}</li>")
    return f"<h4>Answers</h4><ul>{''.join(items)}</ul>"


def _members(document: Document, schema: Document) -> str:
    rows = "".join(_rows(document, schema, "", 0))
    return f"<table>{rows}</table>" if rows else ""


def _rows(document: Document, schema: Document, prefix: str, depth: int) -> Iterator[str]:
    resolved = _resolve(document, schema)
    if resolved.get("type") == "array":
        yield from _rows(document, resolved.get("items", {}), f"{prefix}[]", depth)
        return
    for name, member in resolved.get("properties", {}).items():
        path = f"{prefix}.{name}".lstrip(".")
        required = name in resolved.get("required", ())
        yield _row(document, path, member, required=required, described=member)
        if depth < _MAX_DEPTH:
            yield from _rows(document, member, path, depth + 1)


def _row(document: Document, name: str, schema: Document, *, required: bool, described: Document) -> str:
    place = described.get("in", "") if described is not schema else ""
    notes = " ".join(filter(None, (place, "required" if required else "", _limits(schema))))
    return (
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(_type(document, schema))}</td>"
        f"<td>{escape(notes)}</td><td>{_prose(described.get('description', ''))}</td></tr>"
    )


def _resolve(document: Document, schema: Document) -> Document:
    while "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        schema = document["components"]["schemas"].get(name, {})
    return schema


def _type(document: Document, schema: Document) -> str:
    if "$ref" in schema:
        resolved = _resolve(document, schema)
        return _type(document, resolved) if "enum" in resolved else str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(_type(document, part) for part in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"array of {_type(document, schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")


def _limits(schema: Document) -> str:
    names = {"minLength": "min length", "maxLength": "max length", "minimum": "min", "maximum": "max"}
    limits = [f"{words} {schema[key]}" for key, words in names.items() if key in schema]
    if schema.get("default") is not None:
        limits.append(f"default {schema['default']}")
    return ", ".join(limits)


def _problems() -> str:
    rows = "".join(
        f'<tr id="problem-{code}"><td>{status}</td><td><code>{code}</code></td><td>{_prose(meaning)}</td></tr>'
        for code, (status, meaning) in KNOWN_PROBLEMS.items()
    )
    return f'<section id="problems"><h2>Problems</h2><table>{rows}</table></section>'


def _prose(text: str) -> str:
    """Text whose `backquoted` words are code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _slug(tag: str) -> str:
    return escape(tag.lower().replace(" ", "-"))
