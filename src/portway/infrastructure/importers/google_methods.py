"""A method of a Discovery document as an action: its path, parameters and body."""

import re
from enum import Enum
from typing import Any

from portway.infrastructure.importers.google_schemas import GoogleSchemas
from portway.infrastructure.importers.notes import Notes
from portway.infrastructure.importers.openapi_action import ActionDraft, default_place, may_have_body
from portway.infrastructure.importers.openapi_document import InexpressibleError, Json, items, members, text

# Of the parameters that all methods have; the others carry a credential, or are for browsers and debugging.
_COMMON = ("fields", "quotaUser", "userIp")
_LEFT_OUT = (
    "Of the parameters that all methods have, those of credentials, browsers and debugging are left out"
)
_PLACE = re.compile(r"\{(\+?)([^{}]*)\}")
_NAME = re.compile(r"[^{}/?#\s+]+")
# https://github.com/googleapis/googleapis/blob/master/google/api/httpbody.proto
_ANY_BODY = re.compile(r"(?:Google)?(?:Api)?HttpBody")
# Beside the list of a page: what could not be read, or is odd about it.
_BESIDE = re.compile(r"unreachable|warning|missing|error|unresolved|metadata|header", re.IGNORECASE)
_OPEN = "What an action's parameters are made of is left open where it would be too much"


class Variant(Enum):
    """The requests that a method may have: its own, one that only sends a file, one that sends a file with the rest of
    what the method takes, and one that fetches a file.
    """

    PLAIN = "plain"
    UPLOAD = "content"
    MULTIPART = "upload"
    DOWNLOAD = "download"


_QUERY = {
    Variant.UPLOAD: "uploadType=media",
    Variant.MULTIPART: "uploadType=multipart",
    Variant.DOWNLOAD: "alt=media",
}


class MethodReader:
    """Makes actions of the methods of one document. `service_path` is before all paths but those of uploads."""

    def __init__(self, service_path: str, common: Json, schemas: GoogleSchemas, notes: Notes) -> None:
        self._service_path = service_path
        self._common = {name: common[name] for name in _COMMON if name in common}
        self._schemas = schemas
        self._notes = notes
        if common.keys() - self._common.keys():
            notes.add(_LEFT_OUT)

    def read(self, method: Json, variant: Variant) -> tuple[ActionDraft, Json]:
        """The action, and the schema of its parameters. Raises InexpressibleError."""
        http_method = text(method, "httpMethod")
        takes_file = variant in (Variant.UPLOAD, Variant.MULTIPART)
        has_body = takes_file or "request" in method
        path = self._path(method, variant)
        query = _QUERY.get(variant)
        endpoint_path = f"{path}?{query}" if query else path
        draft = ActionDraft(http_method, endpoint_path, default_place(http_method, has_body=has_body))
        if may_have_body(http_method) and not has_body:
            draft.body = {"encoding": "none"}
        self._add_parameters(draft, method, variant)
        if variant is not Variant.UPLOAD and "request" in method:
            self._add_body(draft, method)
        if takes_file:
            self._add_file(draft, method, variant)
        if variant is Variant.PLAIN:
            self._paginate(draft, method)
        definitions, is_cut = self._schemas.definitions(draft.properties.values())
        if is_cut:
            self._notes.add(_OPEN, text(method, "id"))
        return draft, draft.request_schema(definitions)

    def _path(self, method: Json, variant: Variant) -> str:
        if variant in (Variant.UPLOAD, Variant.MULTIPART):
            protocols = members(members(method, "mediaUpload"), "protocols")
            path = text(members(protocols, "simple"), "path")
        else:
            path = self._service_path + text(method, "path").lstrip("/")
        if "?" in path or "#" in path:
            raise InexpressibleError("has a path that is none")
        for _, name in _PLACE.findall(path):
            if not _NAME.fullmatch(name):
                raise InexpressibleError(f"has a place in its path that cannot be called {name[:100]!r}")
        return f"/{path.lstrip('/')}"

    def _add_parameters(self, draft: ActionDraft, method: Json, variant: Variant) -> None:
        """The path's first, since they keep their names."""
        declared = members(method, "parameters")
        for _, name in _PLACE.findall(draft.endpoint_path):
            if ("path", name) in draft.service_names:
                continue
            parameter = members(declared, name) or {"type": "string"}
            draft.add("path", name, self._schema(parameter), required=True)
        ordered = [
            name for name in items(method, "parameterOrder") if isinstance(name, str) and name in declared
        ]
        common = {} if variant is Variant.DOWNLOAD else self._common
        for name in dict.fromkeys((*ordered, *declared, *common)):
            parameter = members(declared, name) or members(common, name)
            if text(parameter, "location") != "query":
                continue
            if text(parameter, "type") == "object":
                self._notes.add("A parameter of the query that is an object is left out", f"{name!r}")
                continue
            draft.add("query", name, self._schema(parameter), required=parameter.get("required") is True)

    def _schema(self, parameter: Json) -> Json:
        """Discovery says of a parameter that it is repeated where a schema would be that of a list."""
        one = {
            name: value
            for name, value in parameter.items()
            if name not in ("required", "repeated", "location")
        }
        if parameter.get("repeated") is not True:
            return self._schemas.convert(one)
        description = one.pop("description", None)
        outer = {"description": description} if isinstance(description, str) else {}
        return self._schemas.convert({"type": "array", "items": one, **outer})

    def _add_body(self, draft: ActionDraft, method: Json) -> None:
        request = members(method, "request")
        reference = text(request, "$ref")
        if _ANY_BODY.fullmatch(reference):
            draft.body = {"encoding": "raw", "file": draft.add("body", "body", _file("The request's body."))}
            return
        schema = self._schemas.named(reference) if reference else request
        if reference and not schema:
            raise InexpressibleError(f"has a body {reference[:100]!r} that is not there")
        method_id = text(method, "id")
        for name, value in members(schema, "properties").items():
            if not isinstance(value, dict) or value.get("readOnly") is True:
                continue
            required = method_id in items(members(value, "annotations"), "required")
            draft.add(
                "body", name, self._schemas.convert(value), required=required or value.get("required") is True
            )
        if isinstance(schema.get("additionalProperties"), dict):
            draft.additional = self._schemas.convert(schema["additionalProperties"]) or True

    def _add_file(self, draft: ActionDraft, method: Json, variant: Variant) -> None:
        accepted = [kind for kind in items(members(method, "mediaUpload"), "accept") if isinstance(kind, str)]
        largest = text(members(method, "mediaUpload"), "maxSize")
        words = ["The file's content"]
        if accepted and accepted != ["*/*"]:
            words.append(f", of type {' or '.join(accepted)}")
        if largest:
            words.append(f", of at most {largest}")
        name = draft.add("body", "content", _file(f"{''.join(words)}."), required=True)
        encoding = "multipart_related" if variant is Variant.MULTIPART else "raw"
        draft.body = {"encoding": encoding, "file": name}

    def _paginate(self, draft: ActionDraft, method: Json) -> None:
        """https://google.aip.dev/158: `page_token` takes the `next_page_token` of the page before."""
        answer = self._schemas.named(text(members(method, "response"), "$ref"))
        properties = members(answer, "properties")
        token = next(
            (draft.service_names[place, "pageToken"] for place in ("query", "body")
             if (place, "pageToken") in draft.service_names),
            None,
        )  # fmt: skip
        if token is None or "nextPageToken" not in properties:
            return
        lists = [name for name, value in properties.items() if text(value, "type") == "array"]
        lists = [name for name in lists if not _BESIDE.search(name)] or lists
        if not lists:
            return
        if len(lists) > 1:
            draft.guess(
                "/transform_config/pagination/items", f"the answer has several lists: {', '.join(lists)}"
            )
        draft.pagination = {
            "type": "cursor", "items": f'"{lists[0]}"', "cursor": "nextPageToken", "parameter": token,
        }  # fmt: skip


def _file(description: str) -> dict[str, Any]:
    """See docs/reference/requests.md, Files."""
    return {
        "description": f"{description} Base64, an object with base64 or text, or a file that was uploaded.",
        "type": ["string", "object"],
    }
