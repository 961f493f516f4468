"""From the bytes of a document to rows that work: read, chosen from, and checked. Nothing is stored here."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any
from uuid import UUID

from portway.application.definition_check import check_action, check_integration
from portway.application.handlers.registry import HandlerRegistry
from portway.application.importing.imported import (
    DocumentImporter,
    ImportedAction,
    ImportedIntegration,
    SkippedOperation,
)
from portway.application.importing.merge import canonical
from portway.application.importing.naming import MAX_SLUG
from portway.application.importing.naming import slug as slug_of
from portway.application.ports.imports import ACTION_MEMBERS, INTEGRATION_MEMBERS, Members
from portway.application.ports.schema import ConfigSchema, ParameterSchema
from portway.domain.action import Action
from portway.domain.errors import (
    Fault,
    InvalidImportDocument,
    InvalidIntegrationConfig,
    MalformedRequest,
    PayloadTooLarge,
)
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject

MAX_DOCUMENT_BYTES = 32 * 1024 * 1024
MAX_ACTION_BYTES = 512 * 1024
"""Of an action's schema and transform_config together, as JSON."""

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_KINDS = "OpenAPI 3.x, Swagger 2.0, Google Discovery and Postman v2.1"
_NO_ID = UUID(int=0)
_TEXTS = ("name", "http_method", "endpoint_path", "description", "scopes")

ParseDocument = Callable[[bytes], JsonObject]
"""JSON or YAML, by the content. Raises InvalidImportDocument."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import. `source` is where the document came from, a URL or a file's name. `include` are patterns as of
    shells, of which a slug or `METHOD /path` has to match one; without any, everything is meant. An empty `slug`: that
    of the document's name.

    `organization_id` None: for everybody. `prune` deletes actions that the document has no longer.
    """

    slug: str
    document: bytes
    source: str
    organization_id: UUID | None = None
    name: str | None = None
    base_url: str | None = None
    include: Sequence[str] = ()
    dry_run: bool = False
    prune: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """`integration` and `actions` are what to store. `operations` are all that the document has, chosen or not. `notes`
    are what a person should look at.
    """

    slug: str
    integration: ImportedIntegration
    actions: tuple[ImportedAction, ...]
    skipped: tuple[SkippedOperation, ...]
    operations: frozenset[str]
    notes: tuple[str, ...]


class Preparation:
    """Reads and checks. It takes its time: call it in a thread of its own."""

    def __init__(
        self,
        parse: ParseDocument,
        importers: Sequence[DocumentImporter],
        schema: ParameterSchema,
        config_schema: ConfigSchema,
        handlers: HandlerRegistry,
    ) -> None:
        self._parse = parse
        self._importers = importers
        self._schema = schema
        self._config_schema = config_schema
        self._handlers = handlers

    def prepare(self, request: ImportRequest) -> Prepared:
        """Raises InvalidImportDocument, PayloadTooLarge, MalformedRequest for a request that makes no sense, and
        InvalidIntegrationConfig where no integration comes of the document.
        """
        if request.slug:
            _check_slug(request.slug)
        if len(request.document) > MAX_DOCUMENT_BYTES:
            raise PayloadTooLarge(f"A document may have {MAX_DOCUMENT_BYTES // 1024 // 1024} MiB.")
        read = self._read(request)
        operations = {action.operation for action in read.actions} | {one.operation for one in read.skipped}
        chosen, skipped = _chosen(read, request.include)
        integration = _asked_for(read, chosen, request)
        members = {**members_of(integration), "auth_type": integration.auth_type.value}
        if reason := _unfit(canonical(members)):
            raise InvalidImportDocument(f"What the document says of the whole API {reason}.")
        slug = request.slug or slug_of(integration.name)[:MAX_SLUG].strip("-")
        _check_slug(slug)
        row = integration_row(slug, integration)
        self.check(row)
        kept: list[ImportedAction] = []
        for action in chosen:
            reason = self.fault(row, action)
            if reason is None:
                kept.append(action)
            else:
                skipped.append(SkippedOperation(action.operation, reason))
        notes = read.notes if operations else (*read.notes, "The document has no operations.")
        return Prepared(
            slug,
            integration,
            tuple(kept),
            tuple(SkippedOperation(_readable(one.operation), _readable(one.reason)) for one in skipped),
            frozenset(operations),
            tuple(map(_readable, notes)),
        )

    def check(self, row: Integration) -> None:
        """Raises InvalidIntegrationConfig, which says where."""
        check_integration(row, self._config_schema)

    def fault(self, row: Integration, action: ImportedAction) -> str | None:
        """Why the action would not work; None for one that does."""
        documents = canonical([dict(action.request_schema), dict(action.transform_config)])
        size = len(documents.encode("utf-8", "replace"))
        if reason := _unfit(documents, action.operation, *(str(members_of(action)[name]) for name in _TEXTS)):
            return reason
        if size > MAX_ACTION_BYTES:
            return f"has a schema of more than {MAX_ACTION_BYTES // 1024} KiB"
        try:
            check_action(row, action_row(action), self._schema, self._handlers)
        except InvalidIntegrationConfig as error:
            return (error.detail or "").removeprefix(f"Action {action.slug!r}: ")
        except RecursionError:
            return "has a schema that is nested too deeply"
        return None

    def _read(self, request: ImportRequest) -> ImportedIntegration:
        document = self._parse(request.document)
        try:
            importer = next((one for one in self._importers if one.recognizes(dict(document))), None)
            if importer is None:
                raise InvalidImportDocument(f"The document is of no kind that can be imported: {_KINDS}.")
            url = request.source if request.source.startswith(("https://", "http://")) else None
            return _unique(importer.read(document, source_url=url))
        except RecursionError:
            raise InvalidImportDocument("The document is nested too deeply.") from None


def _check_slug(slug: str) -> None:
    if not SLUG.fullmatch(slug):
        raise MalformedRequest(
            faults=[Fault("/slug", "Must have lower case letters, digits, `-` and `_` only.")]
        )


def _unfit(*texts: str) -> str | None:
    """Why a row with these texts, some of them JSON, cannot be stored."""
    whole = "".join(texts)
    if "\0" in whole or "\\u0000" in whole.replace("\\\\", ""):
        return "has a NUL character"
    return None if whole == _readable(whole) else "has text that is not valid Unicode"


def _readable(text: str) -> str:
    """What of a text can be written at all; half a surrogate pair cannot."""
    return text.encode("utf-8", "replace").decode()


def integration_row(slug: str, integration: ImportedIntegration) -> Integration:
    """The row that it becomes."""
    return Integration(
        id=_NO_ID,
        slug=slug,
        name=integration.name,
        base_url=integration.base_url,
        auth_type=integration.auth_type,
        auth_config=integration.auth_config,
        transform_config=integration.transform_config,
        description=integration.description,
        documentation_url=integration.documentation_url,
    )


def action_row(action: ImportedAction) -> Action:
    """The row that it becomes."""
    members: Mapping[str, Any] = {name: getattr(action, name) for name in ACTION_MEMBERS}
    return Action(id=_NO_ID, integration_id=_NO_ID, slug=action.slug, **members)


def members_of(imported: ImportedIntegration | ImportedAction) -> Members:
    """The values of its columns."""
    names = INTEGRATION_MEMBERS if isinstance(imported, ImportedIntegration) else ACTION_MEMBERS
    values = ((name, getattr(imported, name)) for name in names)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values}


def _unique(read: ImportedIntegration) -> ImportedIntegration:
    """The first of several of the same operation, which no action could be told apart by."""
    count = Counter(action.operation for action in read.actions)
    if len(count) == len(read.actions):
        return read
    first: dict[str, ImportedAction] = {}
    for action in read.actions:
        first.setdefault(action.operation, action)
    skipped = [
        SkippedOperation(operation, "is there several times; the first is taken")
        for operation, number in count.items()
        if number > 1
    ]
    return replace(read, actions=tuple(first.values()), skipped=(*read.skipped, *skipped))


def _chosen(
    read: ImportedIntegration, include: Sequence[str]
) -> tuple[list[ImportedAction], list[SkippedOperation]]:
    """Raises MalformedRequest for a pattern that nothing matches."""
    exact = frozenset(include)
    patterns = [pattern for pattern in include if any(sign in pattern for sign in "*?[")]

    def is_chosen(*names: str) -> bool:
        return (
            not include
            or not exact.isdisjoint(names)
            or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
        )

    actions = [action for action in read.actions if is_chosen(action.slug, action.operation)]
    skipped = [one for one in read.skipped if is_chosen(one.operation)]
    if include and not actions and not skipped:
        raise MalformedRequest(
            faults=[Fault("/include", "No operation of the document has such a slug or `METHOD /path`.")]
        )
    return actions, skipped


def _asked_for(
    read: ImportedIntegration, chosen: Sequence[ImportedAction], request: ImportRequest
) -> ImportedIntegration:
    """With the name and address that were asked for, and without scopes that only other actions need."""
    if request.name is not None:
        read = replace(read, name=request.name)
    if request.base_url is not None:
        read = replace(read, base_url=request.base_url.rstrip("/"))
    scopes = read.auth_config.get("scopes")
    if not request.include or not isinstance(scopes, list):
        return read
    used = {scope for action in chosen for scope in action.scopes}
    unused = {scope for action in read.actions for scope in action.scopes} - used
    asked = [scope for scope in scopes if scope not in unused]
    return replace(read, auth_config={**read.auth_config, "scopes": asked})
