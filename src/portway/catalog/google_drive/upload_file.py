"""`upload-file`: metadata and content in one multipart/related request to Drive's upload endpoint.

Google recommends this for files up to 5 MB; larger ones, which can be resumed, need several requests and are
to come as a path of their own here.
"""

from dataclasses import replace

from portway.application.handlers.action_handler import ActionContext
from portway.application.handlers.base64_content import decode_base64
from portway.application.handlers.media_type import UNKNOWN, media_type
from portway.application.handlers.multipart_related import multipart_related
from portway.application.parameter_pointer import parameter_pointer
from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.application.request_builder import build_request
from portway.domain.errors import Fault, InvalidParameters
from portway.domain.json_value import JsonObject, JsonValue

_OWN_PARAMETERS = frozenset(
    {"content_base64", "convert_to", "description", "mime_type", "name", "parents", "text"}
)
_CONVERSIONS = {
    "document": "application/vnd.google-apps.document",
    "presentation": "application/vnd.google-apps.presentation",
    "spreadsheet": "application/vnd.google-apps.spreadsheet",
}


async def upload_file(context: ActionContext, parameters: JsonObject) -> UpstreamResponse:
    """Creates a file. Raises InvalidParameters for content that is not given once, or is no base64."""
    return await context.send(build_upload_request(context, parameters))


def build_upload_request(context: ActionContext, parameters: JsonObject) -> OutgoingRequest:
    """The request. Parameters that the row places in the query go there, the others become metadata."""
    content = _content(parameters)
    kind = _kind(parameters)
    metadata: dict[str, JsonValue] = {
        key: parameters[key] for key in ("name", "parents", "description") if parameters.get(key) is not None
    }
    metadata["mimeType"] = _conversion(parameters.get("convert_to")) or kind
    in_query = {key: value for key, value in parameters.items() if key not in _OWN_PARAMETERS}
    request = build_request(context.integration, context.action, in_query, context.config)
    in_utf8 = parameters.get("text") is not None and kind.startswith("text/")
    content_type, body = multipart_related(metadata, f"{kind}; charset=UTF-8" if in_utf8 else kind, content)
    return replace(request, headers={**request.headers, "content-type": content_type}, body=body)


def _content(parameters: JsonObject) -> bytes:
    encoded, text = parameters.get("content_base64"), parameters.get("text")
    if (encoded is None) == (text is None):
        pointer = parameter_pointer("content_base64")
        raise InvalidParameters([Fault(pointer, "is required, or `text`, and not both.")])
    if encoded is not None:
        return decode_base64(encoded, parameter_pointer("content_base64"))
    try:
        return str(text).encode()
    except UnicodeEncodeError:
        raise InvalidParameters([Fault(parameter_pointer("text"), "is not valid Unicode.")]) from None


def _kind(parameters: JsonObject) -> str:
    given = parameters.get("mime_type")
    kind = media_type(given, str(parameters.get("name", "")), parameter_pointer("mime_type"))
    return "text/plain" if given is None and kind == UNKNOWN and parameters.get("text") is not None else kind


def _conversion(value: JsonValue) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in _CONVERSIONS:
        pointer = parameter_pointer("convert_to")
        raise InvalidParameters([Fault(pointer, f"must be one of {', '.join(_CONVERSIONS)}.")])
    return _CONVERSIONS[value]
