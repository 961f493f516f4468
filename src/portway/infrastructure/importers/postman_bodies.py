"""The body of a Postman request: its modes are raw, urlencoded, formdata, file and graphql."""

import json
import re
from typing import Any

from portway.infrastructure.importers.notes import Notes
from portway.infrastructure.importers.openapi_action import ActionDraft, may_have_body
from portway.infrastructure.importers.openapi_document import (
    InexpressibleError,
    Json,
    items,
    members,
    text,
)
from portway.infrastructure.importers.postman_examples import scalar_schema, schema_of
from portway.infrastructure.importers.postman_variables import description_of, has_variables

_FILE: Json = {"description": "A file: base64, an object with base64 or text, or one that was uploaded.",
               "type": ["string", "object"]}  # fmt: skip
_TYPES = {
    "xml": "application/xml",
    "html": "text/html",
    "text": "text/plain",
    "javascript": "application/javascript",
}
_BARE_VARIABLE = re.compile(r"(?<=[:\[,])(\s*)\{\{[^{}]*\}\}(?=\s*[,\]}])")
_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)
_OPERATION = re.compile(r"\b(?:query|mutation|subscription)\s+([_A-Za-z][_0-9A-Za-z]*)")


def has_body(request: Json) -> bool:
    """Whether the request has one that is not empty."""
    body = members(request, "body")
    mode = text(body, "mode")
    return bool(body) and body.get("disabled") is not True and mode in _MODES and bool(body.get(mode))


def add_body(draft: ActionDraft, request: Json, content_type: str, notes: Notes) -> None:
    """Raises InexpressibleError. `content_type` is what the request's header says, or empty."""
    if has_body(request):
        body = members(request, "body")
        _MODES[text(body, "mode")](draft, body, content_type, notes)
    elif may_have_body(draft.method):
        draft.body = {"encoding": "none"}


def _raw(draft: ActionDraft, body: Json, content_type: str, notes: Notes) -> None:
    raw = text(body, "raw")
    language = text(members(members(body, "options"), "raw"), "language")
    kind = content_type.partition(";")[0].strip().lower()
    if not raw.strip():
        draft.body = {"encoding": "none"} if may_have_body(draft.method) else None
        return
    is_json = "json" in kind if kind else language in ("json", "")
    value = _json(raw) if is_json or not kind else None
    if value is None and not is_json and language != "json":
        found = kind or _TYPES.get(language, "text/plain")
        draft.body = {
            "encoding": "raw",
            "file": draft.add("body", "body", dict(_FILE)),
            "content_type": found,
        }
        return
    own_type = (
        {"content_type": content_type} if kind not in ("", "application/json") and "json" in kind else {}
    )
    if isinstance(value, dict):
        for name, member in value.items():
            draft.add("body", name, schema_of(name, member))
        draft.additional = may_have_body(draft.method)
        draft.body = {"encoding": "json", **own_type} if own_type else None
        return
    if value is None:
        notes.add("A body is no JSON, so that nothing is known of it", draft.endpoint_path)
    schema = schema_of("body", value) if value is not None else {}
    draft.body = {"encoding": "json", "parameter": draft.add("body", "body", schema), **own_type}


def _urlencoded(draft: ActionDraft, body: Json, _content_type: str, _notes: Notes) -> None:
    _add_fields(draft, items(body, "urlencoded"))
    draft.body = {"encoding": "form"}


def _formdata(draft: ActionDraft, body: Json, _content_type: str, _notes: Notes) -> None:
    fields = [field for field in items(body, "formdata") if isinstance(field, dict)]
    files = [field for field in fields if text(field, "type") == "file" and text(field, "key")]
    _add_fields(draft, [field for field in fields if text(field, "type") != "file"])
    names = [
        draft.add("body", key, dict(_FILE)) for key in dict.fromkeys(text(field, "key") for field in files)
    ]
    draft.body = {"encoding": "multipart"} | ({"files": names} if names else {})


def _add_fields(draft: ActionDraft, fields: list[Any]) -> None:
    keys = [text(field, "key") for field in fields]
    for key in dict.fromkeys(key for key in keys if key):
        field = next(field for field in fields if text(field, "key") == key)
        repeated = keys.count(key) > 1
        draft.add(
            "body", key, scalar_schema(key, text(field, "value"), description_of(field), is_repeated=repeated)
        )


def _file(draft: ActionDraft, _body: Json, content_type: str, _notes: Notes) -> None:
    draft.body = {"encoding": "raw", "file": draft.add("body", "body", dict(_FILE))}
    if content_type and not has_variables(content_type):
        draft.body["content_type"] = content_type


def _graphql(draft: ActionDraft, body: Json, _content_type: str, _notes: Notes) -> None:
    graphql = members(body, "graphql")
    query = text(graphql, "query").strip()
    if not query or draft.method != "POST":
        raise InexpressibleError("has a GraphQL body without a query, or another method than POST")
    if has_variables(query):
        raise InexpressibleError("has variables of Postman's in its GraphQL query")
    variables = graphql.get("variables")
    value = _json(variables) if isinstance(variables, str) and variables.strip() else variables
    for name, member in (value if isinstance(value, dict) else {}).items():
        draft.add("body", name, schema_of(name, member))
    draft.additional = True
    draft.body = {"encoding": "graphql", "query": query}
    names = _OPERATION.findall(query)
    chosen = text(graphql, "operationName") or (names[0] if len(names) > 1 else "")
    if chosen and chosen in names:
        draft.body["operation_name"] = chosen


def _json(raw: str) -> Any:
    """The value, where it is JSON but for comments and variables without quotes; None for anything else."""
    for candidate in (raw, _BARE_VARIABLE.sub(r"\1null", _COMMENT.sub("", raw))):
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    return None


_MODES = {"raw": _raw, "urlencoded": _urlencoded, "formdata": _formdata, "file": _file, "graphql": _graphql}
