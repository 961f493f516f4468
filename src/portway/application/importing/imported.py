"""What a document that describes an API becomes, before anything of it is stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from portway.domain.integration import AuthType
from portway.domain.json_value import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class ImportedAction:
    """An operation as an action: the members are those of `domain.action.Action`.

    `operation` is what the document calls it, `METHOD /path`. `guesses` are members that the document does not say and
    that were concluded from it, such as `pagination`, by JSON Pointer into the action, with the reason.
    """

    slug: str
    name: str
    operation: str
    http_method: str
    endpoint_path: str
    description: str = ""
    request_schema: JsonObject = field(default_factory=dict)
    transform_config: JsonObject = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    guesses: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class SkippedOperation:
    """An operation that cannot be expressed, and why."""

    operation: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportedIntegration:
    """The whole document. `notes` are what a person should look at, such as a security scheme that is none of ours."""

    name: str
    base_url: str
    auth_type: AuthType
    actions: tuple[ImportedAction, ...]
    skipped: tuple[SkippedOperation, ...] = ()
    description: str = ""
    documentation_url: str | None = None
    auth_config: JsonObject = field(default_factory=dict)
    transform_config: JsonObject = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class DocumentImporter(Protocol):
    """One kind of document. `read` raises InvalidImportDocument for one that is not of its kind after all."""

    def recognizes(self, document: JsonValue) -> bool:
        """Whether the parsed JSON or YAML is of this kind, by what the kind's specification says of its root."""
        ...

    def read(self, document: JsonObject, *, source_url: str | None = None) -> ImportedIntegration:
        """The document as an integration. `source_url` is where it came from: servers may be relative to it."""
        ...
