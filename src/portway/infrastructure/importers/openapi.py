"""OpenAPI documents, versions 3.0 and 3.1 (https://spec.openapis.org/oas/v3.1.1), and Swagger 2.0 through them."""

from portway.application.importing.imported import ImportedAction, ImportedIntegration, SkippedOperation
from portway.application.importing.naming import OperationNames, one_line, shortened, slugs, words
from portway.domain.errors import InvalidImportDocument
from portway.domain.json_value import JsonObject, JsonValue
from portway.infrastructure.importers.notes import Notes
from portway.infrastructure.importers.openapi_action import ActionDraft, default_place
from portway.infrastructure.importers.openapi_answers import add_answer
from portway.infrastructure.importers.openapi_bodies import BodyReader, request_body
from portway.infrastructure.importers.openapi_document import (
    InexpressibleError,
    Json,
    OpenApiDocument,
    items,
    members,
    operations,
    text,
)
from portway.infrastructure.importers.openapi_faults import note_faults
from portway.infrastructure.importers.openapi_pagination import PaginationGuess
from portway.infrastructure.importers.openapi_parameters import (
    ParameterReader,
    declared_parameters,
    endpoint_path,
)
from portway.infrastructure.importers.openapi_schemas import RequestSchemas
from portway.infrastructure.importers.openapi_security import Security
from portway.infrastructure.importers.openapi_servers import base_of, is_elsewhere
from portway.infrastructure.importers.openapi_shapes import Shapes
from portway.infrastructure.importers.swagger import modern

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})


class OpenApiImporter:
    """Implements `DocumentImporter`."""

    def recognizes(self, document: JsonValue) -> bool:
        if not isinstance(document, dict):
            return False
        return str(document.get("openapi", "")).startswith("3.") or str(document.get("swagger", "")) in (
            "2.0",
            "2",
        )

    def read(self, document: JsonObject, *, source_url: str | None = None) -> ImportedIntegration:
        """Raises InvalidImportDocument."""
        notes = Notes()
        note_faults(document, notes)
        contents: Json = dict(document)
        version = str(contents.get("openapi", "3.0"))
        if "openapi" not in contents:
            contents = modern(contents, notes, source_url)
        if not isinstance(contents.get("paths"), dict):
            raise InvalidImportDocument("/paths must be an object with what the API can do.")
        return _Reading(
            OpenApiDocument(contents, notes, is_3_0=version.startswith("3.0")), source_url
        ).integration()


class _Reading:
    """The work on one document."""

    def __init__(self, document: OpenApiDocument, source_url: str | None) -> None:
        self._document = document
        self._schemas, shapes = RequestSchemas(document), Shapes(document)
        self._parameters = ParameterReader(document, self._schemas, shapes)
        self._pagination = PaginationGuess(document)
        self._source_url = source_url
        try:
            self._operations = list(operations(document))
        except InexpressibleError as error:
            raise InvalidImportDocument(f"/paths {error.reason}.") from None
        described = [operation for *_, operation in self._operations if isinstance(operation, dict)]
        nodes = [node for *_, item, operation in self._operations for node in (operation, item)]
        self._base = base_of(document, nodes, source_url)
        self._security = Security(document, described, self._base.url)
        self._bodies = BodyReader(document, self._schemas, shapes, self._security.names)

    def integration(self) -> ImportedIntegration:
        """All of it. Raises InvalidImportDocument."""
        actions, skipped = self._actions()
        info = members(self._document.contents, "info")
        auth_config = self._security.finished_config()
        if self._base.properties:
            auth_config = {**auth_config, "config_schema": _config_schema(self._base.properties)}
        return ImportedIntegration(
            name=one_line(text(info, "title")) or "API",
            base_url=self._base.url,
            auth_type=self._security.auth_type,
            auth_config=auth_config,
            actions=tuple(actions),
            skipped=tuple(skipped),
            description=shortened(text(info, "description")),
            documentation_url=_address(text(members(self._document.contents, "externalDocs"), "url")),
            notes=self._document.notes.sentences(),
        )

    def _actions(self) -> tuple[list[ImportedAction], list[SkippedOperation]]:
        names = [
            OperationNames(text(operation, "operationId"), f"{method.upper()} {path}")
            for path, method, _, operation in self._operations
        ]
        actions: list[ImportedAction] = []
        skipped: list[SkippedOperation] = []
        for slug, called, found in zip(slugs(names), names, self._operations, strict=True):
            path, method, item, operation = found
            try:
                actions.append(self._action(slug, called, path, method, (item, members({"": operation}, ""))))
            except InexpressibleError as error:
                skipped.append(SkippedOperation(called.operation, error.reason))
        return actions, skipped

    def _action(
        self, slug: str, names: OperationNames, path: str, method: str, described: tuple[Json, Json]
    ) -> ImportedAction:
        item, operation = described
        if method not in _METHODS:
            raise InexpressibleError(f"has a method that is none of ours, {method[:20]!r}")
        if is_elsewhere(self._base, (operation, item), self._source_url):
            raise InexpressibleError("is at another server than the rest")
        draft = self._draft(path, method, item, operation)
        definitions, is_cut = self._schemas.definitions(draft.properties.values())
        if is_cut:
            self._document.notes.add(
                "A schema refers to too much, and is left open in its depth", names.operation
            )
        return ImportedAction(
            slug=slug,
            name=one_line(text(operation, "summary"))
            or words(names.operation_id or names.operation)
            or "Operation",
            operation=names.operation,
            http_method=draft.method,
            endpoint_path=draft.endpoint_path,
            description=_description(operation),
            request_schema=draft.request_schema(definitions),
            transform_config=draft.transform_config(),
            scopes=self._security.scopes(operation),
            guesses=tuple(draft.guesses),
        )

    def _draft(self, path: str, method: str, item: Json, operation: Json) -> ActionDraft:
        declared = declared_parameters(
            self._document, items(item, "parameters"), items(operation, "parameters")
        )
        declared = [
            one
            for one in declared
            if (one["in"], text(one, "name")) not in self._security.parameters
            and not (one["in"] != "path" and text(one, "name") in self._security.names)
        ]
        template, path_names = endpoint_path(path, declared)
        body = request_body(self._document, operation)
        has_body = bool(members(body, "content"))
        if method in ("get", "head") and has_body:
            self._document.notes.add("A GET or HEAD has no body; what the document says of one is left out")
            has_body = False
        upper = method.upper()
        draft = ActionDraft(upper, template, default_place(upper, has_body=has_body))
        self._parameters.add_all(draft, declared, path_names)
        if has_body:
            self._bodies.add(draft, body)
        elif upper in ("POST", "PUT", "PATCH"):
            draft.body = {"encoding": "none"}
        add_answer(self._document, draft, operation)
        self._pagination.add(draft, operation)
        return draft


def _config_schema(properties: Json) -> Json:
    required = [name for name, schema in properties.items() if "default" not in schema]
    schema: Json = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _description(operation: Json) -> str:
    found = shortened(text(operation, "description") or text(operation, "summary"))
    return shortened(f"Deprecated. {found}") if operation.get("deprecated") is True else found


def _address(url: str) -> str | None:
    return url if url.startswith(("https://", "http://")) else None
