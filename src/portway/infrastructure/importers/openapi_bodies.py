"""Request bodies (OpenAPI 3.1.1, sections 4.8.13 to 4.8.15): a parameter for each member, or one for the whole."""

from typing import Any

from portway.infrastructure.importers.openapi_action import ActionDraft
from portway.infrastructure.importers.openapi_document import (
    InexpressibleError,
    Json,
    OpenApiDocument,
    members,
    text,
)
from portway.infrastructure.importers.openapi_keywords import description
from portway.infrastructure.importers.openapi_schemas import RequestSchemas
from portway.infrastructure.importers.openapi_shapes import FLAT, Members, Shapes
from portway.infrastructure.importers.openapi_xml import XmlReader

_FORM = "application/x-www-form-urlencoded"
_TEXTS = ("text/", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/graphql",
          "application/sql", "application/yaml", "application/x-yaml", "application/jwt")  # fmt: skip
_FILE_WORDS = "Base64, an object with base64 or text, or a file that was uploaded."
_WHOLE = "body"


def request_body(document: OpenApiDocument, operation: Json) -> Json:
    """The request body of an operation; empty where it has none. Raises InexpressibleError."""
    return document.resolve(operation.get("requestBody"))


class BodyReader:
    """Puts the bodies of a document into actions. `credentials` are members of forms that carry the credential."""

    def __init__(
        self,
        document: OpenApiDocument,
        schemas: RequestSchemas,
        shapes: Shapes,
        credentials: frozenset[str] = frozenset(),
    ) -> None:
        self._credentials = credentials
        self._document = document
        self._schemas = schemas
        self._shapes = shapes
        self._xml = XmlReader(document, shapes)

    def add(self, draft: ActionDraft, body: Json) -> None:
        """Adds the parameters of the body, and says how it is written. Raises InexpressibleError."""
        kind, media = self._chosen(members(body, "content"))
        is_required, schema = body.get("required"), media.get("schema", {})
        plain = kind.partition(";")[0].strip().lower()
        if plain == "*/*" and not self._shapes.of(schema) <= FLAT | {"object", "nested"}:
            plain = "application/octet-stream"
        if (
            plain in ("*/*", "application/*")
            or plain == "application/json"
            or plain.endswith(("+json", "/json"))
        ):
            self._add_json(draft, plain, schema, is_required)
        elif plain == _FORM:
            self._add_form(draft, schema, is_required, members(media, "encoding"))
        elif plain.startswith("multipart/"):
            self._add_multipart(draft, schema, is_required, members(media, "encoding"))
        elif plain.endswith(("/xml", "+xml")):
            self._add_xml(draft, plain, schema, body)
        else:
            self._add_raw(draft, plain, body)

    def _chosen(self, content: Json) -> tuple[str, Json]:
        """The kind of body that says most: JSON before a form, and a form before a file."""
        if not content:
            raise InexpressibleError("has a body of no media type")
        kind = min(content, key=lambda one: (_rank(one), list(content).index(one)))
        media = content[kind]
        return kind, media if isinstance(media, dict) else {}

    def _add_json(self, draft: ActionDraft, kind: str, schema: object, is_required: object) -> None:
        found = self._shapes.members(schema)
        is_json = "*" in kind or kind == "application/json"
        written: Json = {} if is_json else {"content_type": kind}
        if found is not None:
            self._add_members(draft, found, is_required, {})
        else:
            name = draft.add(
                "body", _WHOLE, self._schemas.convert(schema), required=is_required in (True, "true")
            )
            written["parameter"] = name
        if written:
            draft.body = {"encoding": "json", **written}

    def _add_form(self, draft: ActionDraft, schema: object, is_required: object, encoding: Json) -> None:
        found = self._shapes.members(schema)
        draft.body = {"encoding": "form"}
        if found is not None:
            self._add_members(draft, found, is_required, encoding)
        elif members(self._document.resolve(schema), "properties"):
            raise InexpressibleError("has a form whose fields are not listed")
        elif draft.default_place == "body":
            draft.additional = True  # any fields
        else:
            draft.body = None

    def _add_members(
        self, draft: ActionDraft, found: Members, is_required: object, encoding: Json
    ) -> dict[str, str]:
        """The names in the action, by those at the service. What a body that may be absent requires is not required."""
        names: dict[str, str] = {}
        required = set(found.required) if is_required is not False else set()
        for name, raw in found.properties.items():
            is_credential = draft.body is not None and name in self._credentials
            if is_credential or self._schemas.is_read_only(raw):
                continue
            written = self._written(raw, members(encoding, name)) if encoding or draft.body else {}
            names[name] = draft.add(
                "body", name, dict(self._schemas.convert(raw)), required=name in required, **written
            )
        for alternatives in found.alternatives:
            branches = [
                {"required": [names[name] for name in branch if name in names]} for branch in alternatives
            ]
            if is_required is not False and all(branch["required"] for branch in branches):
                draft.alternatives.append({"anyOf": branches})
        if found.additional is not None and found.additional is not False and draft.default_place == "body":
            is_open = found.additional is True or found.additional == {}
            draft.additional = True if is_open else self._schemas.convert(found.additional)
        return names

    def _listed(self, schema: object, what: str) -> Members:
        found = self._shapes.members(schema)
        if found is None:
            raise InexpressibleError(f"has a {what} whose fields are not listed")
        return found

    def _written(self, raw: object, encoding: Json) -> Json:
        """How a field of a form is written that is more than a list of scalars."""
        style, explode = text(encoding, "style"), encoding.get("explode")
        content_type = text(encoding, "contentType")
        if "json" in content_type:
            return {"style": "json"}
        if style in ("form", "spaceDelimited", "pipeDelimited", "deepObject"):
            is_plain = style == "form" and not isinstance(explode, bool)
            if is_plain or style == "deepObject":
                return {} if is_plain else {"style": style}
            return {"style": style} | ({"explode": explode} if isinstance(explode, bool) else {})
        return {} if self._shapes.of(raw) <= FLAT else {"style": "deepObject"}

    def _add_multipart(self, draft: ActionDraft, schema: object, is_required: object, encoding: Json) -> None:
        found = self._listed(schema, "multipart body")
        required = set(found.required) if is_required is not False else set()
        files: list[str] = []
        for name, raw in found.properties.items():
            if self._schemas.is_read_only(raw):
                continue
            content_type = text(members(encoding, name), "contentType").partition(",")[0].strip()
            inside = self._shapes.file_items(raw)
            is_list = inside is not None and self._shapes.is_file(inside, content_type)
            if is_list or self._shapes.is_file(raw, content_type):
                words = description(text(raw, "description"))
                files.append(
                    draft.add("body", name, _file(words, is_list=is_list), required=name in required)
                )
                continue
            written = (
                {"content_type": content_type} if "json" in content_type and "*" not in content_type else {}
            )
            draft.add("body", name, dict(self._schemas.convert(raw)), required=name in required, **written)
        draft.body = {"encoding": "multipart"} | ({"files": files} if files else {})

    def _add_xml(self, draft: ActionDraft, kind: str, schema: object, body: Json) -> None:
        """A parameter for each element; the document as a text where the schema does not say all of it."""
        xml = self._xml.read(schema)
        if xml is None:
            self._document.notes.add("A body of XML is a text: its schema does not say what it is made of")
            self._add_raw(draft, kind, body)
            return
        required = set(xml.members.required) if body.get("required") is not False else set()
        for name, raw in xml.members.properties.items():
            if not self._schemas.is_read_only(raw):
                called = {} if xml.names[name] == name else {"name": xml.names[name]}
                schema = self._schemas.convert(raw)
                draft.add("body", name, schema, required=name in required, **called)
        draft.body = {"encoding": "xml", "root": xml.root} | (
            {} if kind == "application/xml" else {"content_type": kind}
        )

    def _add_raw(self, draft: ActionDraft, kind: str, body: Json) -> None:
        words = description(text(body, "description"))
        is_text = kind.startswith(_TEXTS) or kind.endswith(("/xml", "+xml"))
        schema = {"type": "string", "description": words or "Sent as it is."} if is_text else _file(words)
        name = draft.add("body", _WHOLE, schema, required=body.get("required") is True)
        if is_text:
            draft.operations.append({"op": "move", "parameter": name, "to": f"/{name}/text"})
        draft.body = {"encoding": "raw", "file": name} | (
            {} if "*" in kind or not kind else {"content_type": kind}
        )


def _rank(kind: str) -> int:
    plain = kind.partition(";")[0].strip().lower()
    if plain == "application/json":
        return 0
    if plain.endswith(("+json", "/json")):
        return 1
    ranks = (_FORM, "multipart/form-data", "*/*")
    if plain in ranks:
        return 2 + ranks.index(plain)
    if plain.startswith("multipart/"):
        return 6
    return 7 if plain.endswith(("/xml", "+xml")) else 8


def _file(words: str, *, is_list: bool = False) -> dict[str, Any]:
    """See docs/reference/requests.md, Files."""
    said = f"{words} " if words else ""
    one: Json = {"description": f"{said}{_FILE_WORDS}", "type": ["string", "object"]}
    if is_list:
        return {"description": f"{said}{_FILE_WORDS}", "type": "array", "items": {"type": one["type"]}}
    return one
