"""Google's Discovery documents, which describe most of its APIs.

The format: https://developers.google.com/discovery/v1/reference/apis. How files are sent and fetched beside a method:
https://developers.google.com/discovery/v1/using#discovery-doc-methods-mediaupload and ...-mediadownload.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from portway.application.importing.imported import ImportedAction, ImportedIntegration, SkippedOperation
from portway.application.importing.naming import OperationNames, one_line, shortened, slugs, words
from portway.domain.errors import InvalidImportDocument
from portway.domain.integration import AuthType
from portway.domain.json_value import JsonObject, JsonValue
from portway.infrastructure.importers.google_methods import MethodReader, Variant
from portway.infrastructure.importers.google_schemas import GoogleSchemas
from portway.infrastructure.importers.google_scopes import Scopes
from portway.infrastructure.importers.notes import Notes
from portway.infrastructure.importers.openapi_document import InexpressibleError, Json, members, text

_KIND = "discovery#restDescription"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MAX_NESTING = 50

# Without the authorization parameters Google gives a refresh token at the first consent only, or none:
# https://developers.google.com/identity/protocols/oauth2/web-server
_OAUTH: Mapping[str, JsonValue] = {
    "authorization_url": "https://accounts.google.com/o/oauth2/v2/auth",
    "token_url": "https://oauth2.googleapis.com/token",
    "revocation_url": "https://oauth2.googleapis.com/revoke",
    "authorization_params": {"access_type": "offline", "prompt": "consent", "include_granted_scopes": "true"},
}
_API_KEY: Mapping[str, JsonValue] = {
    "credential_placement": [{"in": "query", "name": "key", "value": "{api_key}"}]
}
_RESUMABLE = "A method takes resumable uploads too, which need several requests; its action sends the whole file in one"


@dataclass(frozen=True, slots=True)
class _Operation:
    """One request that a method describes: the method's own, or the one with which a file is sent or fetched."""

    method: Json
    variant: Variant
    method_id: str
    names: OperationNames


class GoogleDiscoveryImporter:
    """Implements `DocumentImporter`."""

    def recognizes(self, document: JsonValue) -> bool:
        return isinstance(document, dict) and document.get("kind") == _KIND

    def read(self, document: JsonObject, *, source_url: str | None = None) -> ImportedIntegration:
        """Its root says where it is, so that `source_url` is of no use. Raises InvalidImportDocument."""
        return _Reading(dict(document)).integration()


class _Reading:
    """The work on one document."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._notes = Notes()
        methods = list(_methods(document, 0))
        self._scopes = Scopes(members(members(members(document, "auth"), "oauth2"), "scopes"), methods)
        schemas = GoogleSchemas(members(document, "schemas"), self._notes)
        service_path = text(document, "servicePath").strip("/")
        self._service_path = f"/{service_path}/" if service_path else "/"
        self._reader = MethodReader(self._service_path, members(document, "parameters"), schemas, self._notes)
        self._operations = self._named(methods)

    def integration(self) -> ImportedIntegration:
        """Raises InvalidImportDocument."""
        base_url = self._base_url()
        actions, skipped = self._actions()
        auth_type, auth_config = self._auth(actions)
        return ImportedIntegration(
            name=one_line(text(self._document, "title") or text(self._document, "name")) or "Google",
            base_url=base_url,
            auth_type=auth_type,
            auth_config=auth_config,
            actions=tuple(actions),
            skipped=tuple(skipped),
            description=shortened(text(self._document, "description")),
            documentation_url=_web_address(text(self._document, "documentationLink")),
            # https://google.aip.dev/193
            transform_config={"response": {"message": "error.message"}},
            notes=self._notes.sentences(),
        )

    def _actions(self) -> tuple[list[ImportedAction], list[SkippedOperation]]:
        actions: list[ImportedAction] = []
        skipped: list[SkippedOperation] = []
        names = slugs([operation.names for operation in self._operations])
        for slug, operation in zip(names, self._operations, strict=True):
            try:
                actions.append(self._action(slug, operation))
            except InexpressibleError as error:
                skipped.append(SkippedOperation(operation.names.operation, error.reason))
        return actions, skipped

    def _action(self, slug: str, operation: _Operation) -> ImportedAction:
        method = operation.method
        if text(method, "httpMethod") not in _METHODS:
            raise InexpressibleError(
                f"has a method that is none of ours, {text(method, 'httpMethod')[:20]!r}"
            )
        draft, schema = self._reader.read(method, operation.variant)
        description = shortened(text(method, "description"))
        if method.get("deprecated") is True:
            description = shortened(f"Deprecated. {description}")
        return ImportedAction(
            slug=slug,
            name=_name(operation.method_id, operation.variant),
            operation=operation.names.operation,
            http_method=draft.method,
            endpoint_path=draft.endpoint_path,
            description=description,
            request_schema=schema,
            transform_config=draft.transform_config(),
            scopes=self._scopes.narrowest(method),
            guesses=tuple(draft.guesses),
        )

    def _named(self, methods: list[Json]) -> list[_Operation]:
        """Ids begin with what the whole API is called, which says nothing there."""
        ids = [text(method, "id") for method in methods]
        first = {one.partition(".")[0] for one in ids}
        prefix = f"{first.pop()}." if len(first) == 1 else ""
        return [
            _Operation(method, variant, one, self._names(method, variant, one))
            for method, one in zip(methods, (one.removeprefix(prefix) for one in ids), strict=True)
            for variant in self._variants(method)
        ]

    def _names(self, method: Json, variant: Variant, method_id: str) -> OperationNames:
        """The path with each place of its own (`flatPath`) is that of one method alone."""
        path = (text(method, "flatPath") or text(method, "path")).lstrip("/")
        operation = f"{text(method, 'httpMethod')} {self._service_path}{path}"
        if variant in (Variant.MULTIPART, Variant.DOWNLOAD):
            return OperationNames(f"{method_id}.{variant.value}", f"{operation} ({variant.value})")
        return OperationNames(method_id, operation)

    def _variants(self, method: Json) -> Iterator[Variant]:
        """A method that only takes a file has no request without one."""
        upload = members(method, "mediaUpload")
        protocols = members(upload, "protocols")
        simple = text(members(protocols, "simple"), "path")
        if "resumable" in protocols:
            self._notes.add(_RESUMABLE, text(method, "id"))
        if not simple or "request" in method:
            yield Variant.PLAIN
        if simple:
            is_both = "request" in method and members(protocols, "simple").get("multipart") is True
            yield Variant.MULTIPART if is_both else Variant.UPLOAD
        if method.get("supportsMediaDownload") is True:
            yield Variant.DOWNLOAD

    def _auth(self, actions: list[ImportedAction]) -> tuple[AuthType, JsonObject]:
        if self._scopes.descriptions:
            self._notes.add(self._scopes.note)
            used: list[JsonValue] = [*sorted({scope for action in actions for scope in action.scopes})]
            known: dict[str, JsonValue] = dict(self._scopes.descriptions)
            return AuthType.OAUTH2, {**_OAUTH, "scopes": used, "scope_descriptions": known}
        if "key" in members(self._document, "parameters"):
            self._notes.add("The document has no scopes, so that an API key is asked for")
            return AuthType.API_KEY, dict(_API_KEY)
        self._notes.add("The document names no credential")
        return AuthType.NONE, {}

    def _base_url(self) -> str:
        """Where all paths are under, those of uploads too."""
        root = text(self._document, "rootUrl")
        if not _web_address(root):
            raise InvalidImportDocument("/rootUrl must be a URL that begins with https:// or http://.")
        return root.rstrip("/")


def _methods(node: object, depth: int) -> Iterator[Json]:
    """Those of the document and of all its resources."""
    if depth > _MAX_NESTING:
        raise InvalidImportDocument("/resources is nested too deeply.")
    for method in members(node, "methods").values():
        if isinstance(method, dict):
            yield method
    for resource in members(node, "resources").values():
        yield from _methods(resource, depth + 1)


def _name(method_id: str, variant: Variant) -> str:
    """`users.messages.list` is `List users messages`."""
    path, _, verb = method_id.rpartition(".")
    suffix = {Variant.MULTIPART: " with a file", Variant.DOWNLOAD: " as a file"}.get(variant, "")
    return one_line(f"{words(f'{verb} {path}')}{suffix}") or "Operation"


def _web_address(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("https", "http") and parts.netloc else None
