"""What an operation answers, as far as it has to be asked for: the `Accept` header, and XML that is to be parsed."""

from portway.application.requests.header_fields import is_content_type
from portway.infrastructure.importers.openapi_action import ActionDraft
from portway.infrastructure.importers.openapi_document import (
    InexpressibleError,
    Json,
    OpenApiDocument,
    members,
)

_ANY_JSON = ("application/json", "*/*", "application/*", "text/json")


def add_answer(document: OpenApiDocument, draft: ActionDraft, operation: Json) -> None:
    """Adds what is not the default: actions accept `application/json`."""
    kinds = _kinds(document, operation)
    if not kinds or any(_essence(kind) in _ANY_JSON for kind in kinds):
        if kinds and draft.body is not None and draft.body["encoding"] == "xml":
            draft.headers["Accept"] = "application/json"
        return
    json = next((kind for kind in kinds if _essence(kind).endswith(("/json", "+json"))), None)
    if json is None and any(_essence(kind) in ("application/xml", "text/xml") for kind in kinds):
        draft.response["format"] = "xml"
    elif is_content_type(chosen := json or kinds[0]):
        draft.headers["Accept"] = chosen


def _kinds(document: OpenApiDocument, operation: Json) -> list[str]:
    """The content types of successes, those of the first status that has any."""
    responses = members(operation, "responses")
    for code in sorted(map(str, responses)):
        if not code.startswith("2"):
            continue
        try:
            content = members(document.resolve(responses.get(code)), "content")
        except InexpressibleError:
            continue
        if kinds := [str(kind).strip() for kind in content]:
            return kinds
    return []


def _essence(kind: str) -> str:
    return kind.partition(";")[0].strip().lower()
