"""`download-file`: a file's content as it is, or a document of Google's own kind in a format of others."""

from urllib.parse import quote

from portway.application.handlers.action_handler import ActionContext
from portway.application.handlers.json_answer import json_object
from portway.application.handlers.steps import Steps
from portway.application.ports.http import OutgoingRequest, StreamedResponse
from portway.domain.errors import Fault, InvalidParameters
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.parameter_pointer import parameter_pointer

_GOOGLES_OWN = "application/vnd.google-apps."
_OFFICE = "application/vnd.openxmlformats-officedocument."
# https://developers.google.com/workspace/drive/api/guides/ref-export-formats
_EXPORTED_AS = {
    "document": f"{_OFFICE}wordprocessingml.document",
    "spreadsheet": f"{_OFFICE}spreadsheetml.sheet",
    "presentation": f"{_OFFICE}presentationml.presentation",
    "drawing": "image/png",
    "script": "application/vnd.google-apps.script+json",
}


async def download_file(context: ActionContext, parameters: JsonObject) -> StreamedResponse:
    """The content, which may be large. `export_as` is the media type for a document of Google's own kind.

    Raises InvalidParameters for what has no content, such as a folder, and for an `export_as` without need.
    """
    steps = Steps()
    wanted = {name: value for name, value in parameters.items() if name != "export_as"}
    look_up = context.build({**wanted, "fields": "mimeType"})
    kind = str((await steps.run("look the file up", _json(context, look_up))).get("mimeType"))
    export_as = _export_format(kind, parameters.get("export_as"))
    if export_as is None:
        return await context.open(context.build({**wanted, "alt": "media"}))
    path = f"/drive/v3/files/{quote(str(parameters['file_id']), safe='')}/export"
    return await context.open(context.request("GET", path, query={"mimeType": export_as}))


async def _json(context: ActionContext, request: OutgoingRequest) -> JsonObject:
    return json_object(await context.send(request))


def _export_format(kind: str, wanted: JsonValue) -> str | None:
    """The media type to export to; None for a file that has a content of its own."""
    if not kind.startswith(_GOOGLES_OWN):
        if wanted is not None:
            message = f"is for documents of Google's own kind; this file is {kind}."
            raise InvalidParameters([Fault(parameter_pointer("export_as"), message)])
        return None
    name = kind.removeprefix(_GOOGLES_OWN)
    if name not in _EXPORTED_AS:
        message = f"is a {name}, which has no content to download."
        raise InvalidParameters([Fault(parameter_pointer("file_id"), message)])
    return _EXPORTED_AS[name] if wanted is None else str(wanted)
