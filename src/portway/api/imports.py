"""Importing an integration with its actions from a document that describes an API."""

import json
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Request
from pydantic import Field, StringConstraints, ValidationError, model_validator

from portway.api.definition_wire import BaseUrl, IntegrationSlug, WebAddress
from portway.api.integrations import CatalogWriter
from portway.api.problems import faults_of, problem_responses
from portway.api.request_body import whole_body
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.api.spool import Spool
from portway.api.upload import REQUEST_PART, read_upload
from portway.api.wire import Input, Name, Output
from portway.application.importing.preparation import MAX_DOCUMENT_BYTES, ImportRequest
from portway.application.requests.files import UploadedFile
from portway.domain.errors import Fault, MalformedRequest, PayloadTooLarge
from portway.domain.integration import AuthType

PATH = "/api/v2/integrations/import"
MAX_UPLOAD_BYTES = MAX_DOCUMENT_BYTES + 1024 * 1024
"""Of a whole request with a file."""

DOCUMENT_PART = "document"
_FORM = b"multipart/form-data"
_INLINE = "inline"

router = new_router("/integrations", "Integrations")

_Body = TypeVar("_Body", bound="ImportOptions")

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class ImportOptions(Input):
    """What to import a document as."""

    slug: IntegrationSlug | None = Field(None, description="Without one, that of the document's name")
    organization_id: UUID | None = Field(
        None, description="Needed only by those who have several organizations"
    )
    name: Name | None = Field(None, description="Instead of what the document calls it")
    base_url: BaseUrl | None = Field(None, description="Instead of the document's own address")
    include: tuple[Pattern, ...] = Field(
        (),
        max_length=5000,
        description="Only actions whose slug or `METHOD /path` is among these, or matches a pattern (`*`, `?`, `[…]`)",
    )
    dry_run: bool = Field(default=False, strict=True, description="Report what would be, and change nothing")
    prune: bool = Field(
        default=False, strict=True, description="Delete actions that the document has no longer"
    )


class ImportInput(ImportOptions):
    """The same with the document, or with where it is."""

    url: WebAddress | None = Field(None, description="Where the document is fetched")
    document: dict[str, Any] | str | None = Field(
        None, description="The document itself, or its text in JSON or YAML"
    )

    @model_validator(mode="after")
    def _has_one(self) -> "ImportInput":
        if (self.url is None) == (self.document is None):
            raise ValueError("Needs either `url` or `document`.")
        return self


class ImportedIntegrationOutput(Output):
    """What the integration is, or would be, after the import."""

    name: str
    base_url: str
    auth_type: AuthType
    description: str
    documentation_url: str | None


class OperationActionOutput(Output):
    """An action as it is, or would be, and what the document calls it."""

    slug: str
    operation: str
    name: str
    description: str
    http_method: str
    endpoint_path: str


class ChangedActionOutput(OperationActionOutput):
    """An action, and which of its members are others now."""

    members: list[str]


class RemovedActionOutput(OperationActionOutput):
    """An action whose operation the document has no longer. It is kept unless `prune` was asked for."""

    deleted: bool


class KeptMemberOutput(Output):
    """A member that somebody changed by hand, so that it stays although the document has changed it too."""

    action: str | None = Field(description="null for a member of the integration")
    member: str


class BreakingChangeOutput(Output):
    """What whoever uses the integration has to know: of actions that were executed in the last 30 days."""

    action: str | None = Field(description="null where it is about all of the integration")
    reason: str


class GuessOutput(Output):
    """What the document does not say of an action."""

    action: str
    pointer: str = Field(description="A JSON Pointer into the action")
    reason: str


class SkippedOperationOutput(Output):
    """An operation that is no action, or was not changed."""

    operation: str
    reason: str


class ImportOutput(Output):
    """What an import has done, or with `dry_run` would do."""

    integration_id: UUID | None
    organization_id: UUID | None
    slug: str
    integration: ImportedIntegrationOutput
    dry_run: bool
    created: bool = Field(description="Whether there was no integration of this slug")
    members: list[str] = Field(description="Members of the integration that are others now")
    added: list[OperationActionOutput]
    changed: list[ChangedActionOutput]
    unchanged: list[OperationActionOutput]
    removed: list[RemovedActionOutput]
    kept: list[KeptMemberOutput]
    breaking: list[BreakingChangeOutput]
    skipped: list[SkippedOperationOutput]
    guesses: list[GuessOutput]
    notes: list[str]


def _inline(model: type[Input]) -> dict[str, Any]:
    """The schema without references: the framework does not know of these bodies."""
    return model.model_json_schema(mode="validation")


_REQUEST_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": _inline(ImportInput)},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [REQUEST_PART, DOCUMENT_PART],
                "properties": {
                    REQUEST_PART: _inline(ImportOptions),
                    DOCUMENT_PART: {"type": "string", "contentMediaType": "application/octet-stream"},
                },
            },
            "encoding": {REQUEST_PART: {"contentType": "application/json"}},
        },
    },
}


@router.post(
    "/import",
    responses=problem_responses(400, 403, 404, 409, 413, 422, 502, 503, 504),
    openapi_extra={"requestBody": _REQUEST_BODY},
)
async def import_integration(
    principal: CatalogWriter, services: CurrentServices, request: Request
) -> ImportOutput:
    """Makes an integration of your organization's own, with its actions, of an OpenAPI 3.x, Swagger 2.0 or Google
    Discovery document, or a Postman collection v2.1; or brings one that was imported before up to date.

    In `multipart/form-data` the first part, `request`, is the JSON without a document; the second is a file.
    """
    media_type = request.headers.get("content-type", "").encode("latin-1")
    if media_type.partition(b";")[0].strip().lower() == _FORM:
        wanted = await _uploaded(request, media_type)
    else:
        wanted = _given(_validated(ImportInput, await whole_body(request.receive)))
    report = await services.imports.run(principal, wanted)
    return ImportOutput.model_validate(report)


async def _uploaded(request: Request, media_type: bytes) -> ImportRequest:
    spool = Spool()
    try:
        upload = await read_upload(request.receive, media_type, spool)
        if len(upload.files) != 1 or upload.files[0][0] != DOCUMENT_PART:
            raise MalformedRequest(f"There must be one file, in a part that is called `{DOCUMENT_PART}`.")
        options = _validated(ImportOptions, upload.request)
        file = upload.files[0][1]
        return _request(options, await _content(file), str(file["filename"]))
    finally:
        spool.close()


async def _content(file: UploadedFile) -> bytes:
    """Raises MalformedRequest for an empty file."""
    if file.content.size > MAX_DOCUMENT_BYTES:
        raise PayloadTooLarge(f"A document may have {MAX_DOCUMENT_BYTES // 1024 // 1024} MiB.")
    content = b"".join([piece async for piece in file.content.chunks()])
    if not content:
        raise MalformedRequest(faults=[Fault(f"/{DOCUMENT_PART}", "Must not be empty.")])
    return content


def _given(body: ImportInput) -> ImportRequest:
    if body.url is not None:
        return _request(body, b"", body.url)
    document = body.document if isinstance(body.document, str) else json.dumps(body.document)
    try:
        content = document.encode()
    except UnicodeEncodeError:
        raise MalformedRequest(faults=[Fault(f"/{DOCUMENT_PART}", "Must be valid Unicode.")]) from None
    if not content:
        raise MalformedRequest(faults=[Fault(f"/{DOCUMENT_PART}", "Must not be empty.")])
    return _request(body, content, _INLINE)


def _request(options: ImportOptions, document: bytes, source: str) -> ImportRequest:
    return ImportRequest(
        slug=options.slug or "",
        document=document,
        source=source,
        organization_id=options.organization_id,
        name=options.name,
        base_url=options.base_url,
        include=options.include,
        dry_run=options.dry_run,
        prune=options.prune,
    )


def _validated(kind: type[_Body], body: bytes) -> _Body:
    """Raises MalformedRequest with a fault for each member that is wrong."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise MalformedRequest(faults=faults_of(found)) from None
