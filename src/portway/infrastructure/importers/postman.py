"""Postman collections, v2.1 (and v2.0, which has its credentials as objects).

The format: https://schema.getpostman.com/json/collection/v2.1.0/docs/index.html. A collection holds examples, so that
what is concluded of one is little: names, places and types.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from portway.application.importing.imported import ImportedAction, ImportedIntegration, SkippedOperation
from portway.application.importing.naming import OperationNames, one_line, shortened, slugs
from portway.application.requests.header_fields import header_name, is_token
from portway.domain.errors import InvalidImportDocument, InvalidIntegrationConfig
from portway.domain.integration import AuthType
from portway.domain.json_value import JsonObject, JsonValue
from portway.infrastructure.importers.notes import Notes
from portway.infrastructure.importers.openapi_action import ActionDraft, default_place
from portway.infrastructure.importers.openapi_document import InexpressibleError, Json, items, members, text
from portway.infrastructure.importers.postman_auth import INHERITED, NONE, auth_of, kind_of
from portway.infrastructure.importers.postman_bodies import add_body, has_body
from portway.infrastructure.importers.postman_examples import scalar_schema
from portway.infrastructure.importers.postman_urls import RequestUrl, add_path, request_url, shared_base
from portway.infrastructure.importers.postman_variables import Variables, description_of, has_variables
from portway.infrastructure.importers.secrets_of_examples import is_safe_example, names_a_secret

_SCHEMA = re.compile(r"schema\.(?:get)?postman\.com/.*collection/.*v2\.[01]")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OF_THE_GATEWAY = frozenset(
    {"content-type", "accept-encoding", "user-agent", "postman-token", "cache-control"}
)
_MAX_NESTING = 50


@dataclass(frozen=True, slots=True)
class _Request:
    """A request of the collection. `auth` is what holds for it, its folders' or the collection's."""

    name: str
    request: Json
    url: RequestUrl
    auth: Json
    description: str

    @property
    def method(self) -> str:
        return (text(self.request, "method") or "GET").upper()

    @property
    def headers(self) -> list[Json]:
        return [one for one in items(self.request, "header") if isinstance(one, dict) and text(one, "key")]

    def header(self, name: str) -> str:
        """The value of the first that is sent."""
        sent = (one for one in self.headers if one.get("disabled") is not True)
        return next((text(one, "value") for one in sent if text(one, "key").lower() == name), "")


class PostmanImporter:
    """Implements `DocumentImporter`."""

    def recognizes(self, document: JsonValue) -> bool:
        collection = _collection(document)
        info = members(collection, "info")
        is_one = _SCHEMA.search(text(info, "schema")) is not None or "_postman_id" in info
        return is_one and isinstance(collection.get("item"), list)

    def read(self, document: JsonObject, *, source_url: str | None = None) -> ImportedIntegration:
        """Raises InvalidImportDocument. A collection is not where its service is: `source_url` is of no use."""
        return _Reading(_collection(document)).integration()


class _Reading:
    """The work on one collection."""

    def __init__(self, collection: Json) -> None:
        self._collection = collection
        self._notes = Notes()
        self._variables = Variables(collection)
        self._requests = list(self._found(collection, {"type": NONE}, 0))
        self._base = self._shared()
        if self._variables.withheld:
            names = ", ".join(sorted(self._variables.withheld)[:20])
            self._notes.add(f"The values of variables that may be secrets are not taken over: {names}")

    def integration(self) -> ImportedIntegration:
        base_url, config_schema = shared_base(self._base, self._variables)
        auth_type, auth_config = self._auth()
        if config_schema:
            both = members(auth_config, "config_schema")
            auth_config["config_schema"] = {
                "type": "object",
                "required": [*items(config_schema, "required"), *items(both, "required")],
                "properties": {**members(config_schema, "properties"), **members(both, "properties")},
            }
        actions, skipped = self._actions()
        info = members(self._collection, "info")
        return ImportedIntegration(
            name=one_line(text(info, "name")) or "Collection",
            base_url=base_url,
            auth_type=auth_type,
            auth_config=auth_config,
            actions=tuple(actions),
            skipped=tuple(skipped),
            description=shortened(description_of(info)),
            notes=self._notes.sentences(),
        )

    def _found(self, node: Json, auth: Json, depth: int) -> Iterator[_Request]:
        """The requests of a folder and its folders."""
        if depth > _MAX_NESTING:
            raise InvalidImportDocument("/item is nested too deeply.")
        auth = auth if kind_of(node.get("auth")) == INHERITED else members(node, "auth")
        self._note_scripts(node)
        for item in items(node, "item"):
            if not isinstance(item, dict):
                continue
            if isinstance(item.get("item"), list):
                yield from self._found(item, auth, depth + 1)
            elif request := item.get("request"):
                self._note_scripts(item)
                whole: Json = {"url": request} if isinstance(request, str) else members(item, "request")
                own = auth if kind_of(whole.get("auth")) == INHERITED else members(whole, "auth")
                said = description_of(whole) or description_of(item)
                yield _Request(text(item, "name"), whole, request_url(whole.get("url")), own, said)

    def _note_scripts(self, node: Json) -> None:
        for event in items(node, "event"):
            code = members(event, "script").get("exec")
            if (
                any(map(str.strip, [line for line in code if isinstance(line, str)]))
                if isinstance(code, list)
                else code
            ):
                self._notes.add("A script is ignored", repr(text(node, "name") or "of the collection"))

    def _shared(self) -> str:
        """The address of most of the requests. Raises InvalidImportDocument where there is none."""
        bases = Counter(request.url.base for request in self._requests if request.url.base)
        if not bases:
            raise InvalidImportDocument("/item has no request with a URL.")
        return bases.most_common(1)[0][0]

    def _actions(self) -> tuple[list[ImportedAction], list[SkippedOperation]]:
        drafts: list[tuple[_Request, OperationNames, ActionDraft]] = []
        skipped: list[SkippedOperation] = []
        taken: set[str] = set()
        for request in self._requests:
            draft = ActionDraft(
                request.method, "/", default_place(request.method, has_body=has_body(request.request))
            )
            try:
                add_path(draft, request.url, self._variables)
                operation = _free(f"{request.method} {draft.endpoint_path}", request.name, taken)
                self._complete(draft, request)
            except InexpressibleError as error:
                skipped.append(SkippedOperation(f"{request.method} {draft.endpoint_path}", error.reason))
                continue
            taken.add(operation)
            drafts.append((request, OperationNames(request.name, operation), draft))
        names = slugs([names for _, names, _ in drafts])
        found = [_action(slug, *draft) for slug, draft in zip(names, drafts, strict=True)]
        return found, skipped

    def _complete(self, draft: ActionDraft, request: _Request) -> None:
        if request.method not in _METHODS:
            raise InexpressibleError(f"has a method that is none of ours, {request.method[:20]!r}")
        if self._resolved(request.url.base) != self._resolved(self._base):
            raise InexpressibleError(f"is at another address, {request.url.base[:200]!r}")
        self._add_query(draft, request)
        self._add_headers(draft, request)
        content_type = request.header("content-type")
        add_body(draft, request.request, "" if has_variables(content_type) else content_type, self._notes)

    def _resolved(self, base: str) -> str:
        return self._variables.filled(base).rstrip("/")

    def _add_query(self, draft: ActionDraft, request: _Request) -> None:
        keys = [text(one, "key") for one in request.url.query]
        for one in request.url.query:
            key = text(one, "key")
            if not key or ("query", key) in draft.service_names:
                continue
            if names_a_secret(key):
                self._notes.add(f"A credential in the query, `{key[:40]}`, is not taken over")
                continue
            repeated = keys.count(key) > 1
            draft.add(
                "query",
                key,
                scalar_schema(key, text(one, "value"), description_of(one), is_repeated=repeated),
            )

    def _add_headers(self, draft: ActionDraft, request: _Request) -> None:
        for header in request.headers:
            name, value = text(header, "key").strip(), self._variables.filled(text(header, "value"))
            if name.lower() in _OF_THE_GATEWAY or not _is_header(name):
                continue
            if names_a_secret(name):
                self._notes.add(f"A credential in a header, `{name[:40]}`, is not taken over")
                continue
            is_sent = header.get("disabled") is not True
            is_literal = bool(value) and not has_variables(value) and is_safe_example(name, value)
            if name.lower() == "accept":
                if is_literal and is_sent and value != "*/*":
                    draft.headers[name] = value
            elif ("header", name) not in draft.service_names:
                added = draft.add("header", name, scalar_schema(name, value, description_of(header)))
                if is_sent and is_literal:
                    draft.operations.append({"op": "default", "parameter": added, "value": value})

    def _auth(self) -> tuple[AuthType, dict[str, JsonValue]]:
        """What most of the requests are authenticated by; without a word of it, what their headers suggest."""
        kinds = Counter(kind_of(request.auth) for request in self._requests)
        said = [kind for kind, _ in kinds.most_common() if kind not in (NONE, INHERITED)]
        if not said:
            auth_type, config = self._suggested()
            return auth_type, dict(config)
        first = next(request.auth for request in self._requests if kind_of(request.auth) == said[0])
        for kind in said[1:]:
            self._notes.add(
                f"Requests with authentication by {kind[:40]!r} get the integration's credential all the same"
            )
        auth_type, config = auth_of(first, self._variables, self._notes)
        return auth_type, dict(config)

    def _suggested(self) -> tuple[AuthType, JsonObject]:
        found: Counter[tuple[str, str, str]] = Counter()
        for request in self._requests:
            for header in request.headers:
                name, value = text(header, "key").strip(), text(header, "value")
                if names_a_secret(name) and _is_header(name) and name.lower() != "cookie":
                    found["header", name, value.partition(" ")[0].lower() if " " in value else ""] += 1
            for one in request.url.query:
                if names_a_secret(text(one, "key")):
                    found["query", text(one, "key"), ""] += 1
        if not found:
            return AuthType.NONE, {}
        place, name, scheme = found.most_common(1)[0][0]
        self._notes.add(
            f"That the credential goes into the {place} `{name[:40]}` is a guess, by the requests' own"
        )
        if name.lower() == "authorization" and scheme in ("bearer", "basic"):
            return AuthType.BEARER if scheme == "bearer" else AuthType.BASIC, {}
        placement: dict[str, JsonValue] = {"in": place, "name": name, "value": "{api_key}"}
        if name.lower() == "authorization" and scheme and is_token(scheme):
            placement["scheme"] = scheme
        return AuthType.API_KEY, {"credential_placement": [placement]}


def _action(slug: str, request: _Request, names: OperationNames, draft: ActionDraft) -> ImportedAction:
    return ImportedAction(
        slug=slug,
        name=one_line(request.name) or names.operation[:200],
        operation=names.operation,
        http_method=draft.method,
        endpoint_path=draft.endpoint_path,
        description=shortened(request.description),
        request_schema=draft.request_schema({}),
        transform_config=draft.transform_config(),
    )


def _collection(document: object) -> Json:
    """Postman's own API answers it within an object."""
    if not isinstance(document, Mapping):
        return {}
    found = dict(document)
    return found if "info" in found else members(found, "collection")


def _free(operation: str, name: str, taken: set[str]) -> str:
    """A collection may have several examples of one operation: the others are called by their names too."""
    found, number = operation, 2
    while found in taken:
        found = f"{operation} ({name})" if number == 2 else f"{operation} ({name} {number - 1})"
        number += 1
    return found


def _is_header(name: str) -> bool:
    try:
        header_name(name)
    except InvalidIntegrationConfig:
        return False
    return True
