"""`upload-file`: up to 5 MB, metadata and content in one multipart/related request to Drive's upload endpoint; beyond
that, as Google recommends, an upload that can be resumed.
"""

from portway.application.handlers.action_handler import ActionContext, QueryValue
from portway.application.ports.http import OutgoingRequest, StreamedBody, UpstreamResponse
from portway.application.requests.base64_content import decode_base64
from portway.application.requests.files import File, read_file
from portway.application.requests.media_type import UNKNOWN, media_type
from portway.application.requests.multipart import related
from portway.application.requests.scalar_text import json_of
from portway.catalog.google_drive.resumable_upload import ResumableUpload
from portway.domain.errors import Fault, InvalidParameters
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.parameter_pointer import parameter_pointer

MULTIPART_UP_TO_BYTES = 5 * 1024 * 1024

_OWN_PARAMETERS = frozenset(
    {"content_base64", "convert_to", "description", "file", "mime_type", "name", "parents", "text"}
)
_CONTENTS = ("content_base64", "file", "text")
_CONVERSIONS = {
    "document": "application/vnd.google-apps.document",
    "presentation": "application/vnd.google-apps.presentation",
    "spreadsheet": "application/vnd.google-apps.spreadsheet",
}


async def upload_file(context: ActionContext, parameters: JsonObject) -> UpstreamResponse:
    """Creates a file. Raises InvalidParameters for content that is not given once, or is no base64."""
    content = _content(parameters)
    size = len(content) if isinstance(content, bytes) else content.size
    if size > MULTIPART_UP_TO_BYTES:
        initiation = build_initiation(context, parameters, size)
        return await ResumableUpload(context, content, size).run(initiation)
    if not isinstance(content, bytes):
        content = b"".join([chunk async for chunk in content.chunks()])
    return await context.send(build_upload_request(context, parameters, content))


def build_upload_request(context: ActionContext, parameters: JsonObject, content: bytes) -> OutgoingRequest:
    """The one request for a small file. Parameters that the row places in the query go there, the others become
    metadata.
    """
    content_type, body = related(
        json_of(dict(_metadata(parameters))).encode(), _content_type(parameters), content
    )
    query = {"uploadType": "multipart", **_query(parameters)}
    headers = {"content-type": content_type}
    return context.request("POST", context.action.endpoint_path, query=query, headers=headers, body=body)


def build_initiation(context: ActionContext, parameters: JsonObject, size: int) -> OutgoingRequest:
    """The request that a resumable upload begins with."""
    return context.request(
        "POST",
        context.action.endpoint_path,
        query={"uploadType": "resumable", **_query(parameters)},
        headers={"x-upload-content-type": _content_type(parameters), "x-upload-content-length": str(size)},
        json=_metadata(parameters),
    )


def _query(parameters: JsonObject) -> dict[str, QueryValue]:
    return {
        name: value if isinstance(value, bool) else str(value)
        for name, value in parameters.items()
        if name not in _OWN_PARAMETERS
    }


def _metadata(parameters: JsonObject) -> dict[str, JsonValue]:
    metadata: dict[str, JsonValue] = {"name": _name(parameters)}
    metadata |= {
        name: value for name in ("parents", "description") if (value := parameters.get(name)) is not None
    }
    metadata["mimeType"] = _conversion(parameters.get("convert_to")) or _kind(parameters)
    return metadata


def _content(parameters: JsonObject) -> bytes | StreamedBody:
    given = [name for name in _CONTENTS if parameters.get(name) is not None]
    if len(given) != 1:
        message = "is required, or `file`, or `text`, and not more than one of them."
        raise InvalidParameters([Fault(parameter_pointer("content_base64"), message)])
    if (file := _file(parameters)) is not None:
        return file.content
    value = parameters[given[0]]
    if given == ["content_base64"]:
        return decode_base64(value, parameter_pointer("content_base64"))
    try:
        return str(value).encode()
    except UnicodeEncodeError:
        raise InvalidParameters([Fault(parameter_pointer("text"), "is not valid Unicode.")]) from None


def _file(parameters: JsonObject) -> File | None:
    value = parameters.get("file")
    return None if value is None else read_file(value, parameter_pointer("file"))


def _name(parameters: JsonObject) -> str:
    """The file's own name where none is given."""
    file = _file(parameters)
    name = parameters.get("name") or (file.filename if file else None)
    if not name:
        raise InvalidParameters([Fault(parameter_pointer("name"), "is required.")])
    return str(name)


def _content_type(parameters: JsonObject) -> str:
    kind = _kind(parameters)
    in_utf8 = parameters.get("text") is not None and kind.startswith("text/")
    return f"{kind}; charset=UTF-8" if in_utf8 else kind


def _kind(parameters: JsonObject) -> str:
    given = parameters.get("mime_type")
    file = _file(parameters)
    if given is None and file is not None and file.content_type is not None:
        return file.content_type
    kind = media_type(given, _name(parameters), parameter_pointer("mime_type"))
    return "text/plain" if given is None and kind == UNKNOWN and parameters.get("text") is not None else kind


def _conversion(value: JsonValue) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in _CONVERSIONS:
        pointer = parameter_pointer("convert_to")
        raise InvalidParameters([Fault(pointer, f"must be one of {', '.join(_CONVERSIONS)}.")])
    return _CONVERSIONS[value]
