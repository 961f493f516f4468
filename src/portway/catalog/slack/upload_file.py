"""`upload-file`: Slack hands out an address, gets the bytes there, and is told where to share them.

https://docs.slack.dev/messaging/working-with-files
"""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import NoReturn

from portway.application.handlers.action_handler import ActionContext
from portway.application.handlers.steps import Steps
from portway.application.language.documents import action_config
from portway.application.ports.http import OutgoingRequest, StreamedBody, UpstreamResponse
from portway.application.requests.base64_content import decode_base64
from portway.application.requests.files import File, UploadedFile
from portway.application.responses.response_mapping import read_body
from portway.domain.errors import Fault, InvalidParameters, UpstreamInvalidResponse
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.parameter_pointer import parameter_pointer

_CONTENTS = ("content_base64", "file", "text")


async def upload_file(context: ActionContext, parameters: JsonObject) -> UpstreamResponse:
    """Uploads and shares a file; the answer is that of the last step.

    Raises InvalidParameters for content that is not given once, is empty or no base64, and UpstreamError for the
    step that Slack refuses.
    """
    file = read_file(parameters)
    steps = Steps()
    asked = _address_request(context, file, parameters.get("alt_text"))
    address = await steps.run("ask for the upload address", _address(context, asked))
    headers = {"accept": "*/*", "content-type": "application/octet-stream"}
    upload = OutgoingRequest("POST", address.url, headers, file.content)
    await steps.run("send the content", context.send_elsewhere(upload))
    completion = _completion(context, parameters, address.file_id)
    return await steps.run("complete the upload", _checked(context, context.send(completion)))


def read_file(parameters: JsonObject) -> File:
    """The file in the parameters. Raises InvalidParameters."""
    given = [name for name in _CONTENTS if parameters.get(name) is not None]
    if len(given) != 1:
        _refuse("content_base64", "is required, or `file`, or `text`, and not more than one of them.")
    file = File(_filename(parameters), None, _content(given[0], parameters[given[0]]))
    if not file.size:
        _refuse(given[0], "must not be empty: Slack takes no empty files.")
    return file


@dataclass(frozen=True, slots=True)
class _Address:
    file_id: str
    # Whoever knows it may upload.
    url: str = field(repr=False)


def _content(name: str, value: JsonValue) -> bytes | StreamedBody:
    if isinstance(value, UploadedFile):
        return value.content
    if isinstance(value, dict):
        return decode_base64(value.get("base64"), parameter_pointer(name, "base64"))
    if name == "content_base64":
        return decode_base64(value, parameter_pointer(name))
    try:
        return str(value).encode()
    except UnicodeEncodeError:
        _refuse(name, "is not valid Unicode.")


def _filename(parameters: JsonObject) -> str:
    file = parameters.get("file")
    name = parameters.get("filename") or (file.get("filename") if isinstance(file, dict) else None)
    if not isinstance(name, str) or not name:
        _refuse("filename", "is required.")
    return name


def _address_request(context: ActionContext, file: File, alt_text: JsonValue) -> OutgoingRequest:
    parameters: dict[str, JsonValue] = {"filename": file.filename, "length": file.size}
    if alt_text is not None:
        parameters["alt_txt"] = alt_text
    return context.build(parameters)


async def _address(context: ActionContext, request: OutgoingRequest) -> _Address:
    body = read_body(await context.send(request), action_config(context.integration, context.action))
    url, file_id = (body.get("upload_url"), body.get("file_id")) if isinstance(body, dict) else (None, None)
    if (
        not isinstance(url, str)
        or not url.startswith(("https://", "http://"))
        or not isinstance(file_id, str)
    ):
        raise UpstreamInvalidResponse("The service gave no address for the upload.")
    return _Address(file_id, url)


def _completion(context: ActionContext, parameters: JsonObject, file_id: str) -> OutgoingRequest:
    title = parameters.get("title")
    body: dict[str, JsonValue] = {
        "files": [{"id": file_id} if title is None else {"id": file_id, "title": title}],
        "channel_id": parameters.get("channel"),
        "thread_ts": parameters.get("thread_ts"),
        "initial_comment": parameters.get("initial_comment"),
    }
    given: dict[str, JsonValue] = {name: value for name, value in body.items() if value is not None}
    headers = {"content-type": "application/json; charset=utf-8"}
    return context.request("POST", "/files.completeUploadExternal", headers=headers, json=given)


async def _checked(context: ActionContext, answer: Awaitable[UpstreamResponse]) -> UpstreamResponse:
    """The answer, unless Slack says under a good status that it is an error."""
    response = await answer
    read_body(response, action_config(context.integration, context.action))
    return response


def _refuse(parameter: str, message: str) -> NoReturn:
    raise InvalidParameters([Fault(parameter_pointer(parameter), message)])
