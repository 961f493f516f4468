import json
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from portway.application.language.documents import action_config
from portway.application.ports.http import OutgoingRequest
from portway.catalog.google_drive.upload_file import upload_file
from portway.domain.errors import InvalidParameters
from portway.domain.rules.parameter_transform import transform_parameters
from tests.fakes.action_context import ANSWER
from tests.unit.catalog.contexts import shipped

FIELDS = "id%2Cname%2CmimeType%2Csize%2Cparents%2CwebViewLink%2CcreatedTime"


async def upload(**parameters: Any) -> OutgoingRequest:
    context = shipped("google-drive", "upload-file")
    config = action_config(context.integration, context.action)
    await upload_file(context, transform_parameters(parameters, config.parameters))
    [request] = context.requests
    return request


def body(request: OutgoingRequest) -> bytes:
    assert isinstance(request.body, bytes)
    return request.body


def parts(request: OutgoingRequest) -> tuple[dict[str, Any], str, bytes]:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + body(request), policy=default)
    assert isinstance(message, EmailMessage)
    metadata, media = message.iter_parts()
    content = media.get_payload(decode=True)
    assert isinstance(content, bytes)
    return json.loads(metadata.get_content()), media.get_content_type(), content


async def test_it_is_sent_through_the_context() -> None:
    context = shipped("google-drive", "upload-file")
    assert await upload_file(context, {"name": "a.txt", "text": "x"}) is ANSWER
    assert len(context.requests) == 1


async def test_a_file_with_everything() -> None:
    request = await upload(
        name="Bericht für März.pdf",
        content_base64="JVBERi0=",
        parents=["0AFolder"],
        description="monthly",
        fields="id",
        supports_all_drives=True,
    )
    assert (request.method, request.url) == (
        "POST",
        "https://www.googleapis.com/upload/drive/v3/files?uploadType=multipart&fields=id&supportsAllDrives=true",
    )
    assert request.headers["accept"] == "application/json"
    assert parts(request) == (
        {
            "name": "Bericht für März.pdf",
            "parents": ["0AFolder"],
            "description": "monthly",
            "mimeType": "application/pdf",
        },
        "application/pdf",
        b"%PDF-",
    )


@pytest.mark.parametrize(
    ("parameters", "stored_as", "sent_as"),
    [
        ({"name": "a", "text": "Grüße"}, "text/plain", "text/plain"),
        ({"name": "a.csv", "text": "x"}, "text/csv", "text/csv"),
        ({"name": "a", "content_base64": ""}, "application/octet-stream", "application/octet-stream"),
        ({"name": "a.pdf", "text": "x", "mime_type": "Text/Markdown"}, "text/markdown", "text/markdown"),
        (
            {"name": "a.csv", "text": "x", "convert_to": "spreadsheet"},
            "application/vnd.google-apps.spreadsheet",
            "text/csv",
        ),
    ],
)
async def test_the_kind_of_a_file(parameters: dict[str, Any], stored_as: str, sent_as: str) -> None:
    request = await upload(**parameters)
    assert request.url.endswith(f"?uploadType=multipart&fields={FIELDS}")
    metadata, media_type, content = parts(request)
    assert (metadata["mimeType"], media_type) == (stored_as, sent_as)
    assert content == str(parameters.get("text", "")).encode()
    assert (b"; charset=UTF-8\r\n\r\nGr" in body(request)) is (parameters.get("text") == "Grüße")


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"name": "a"}, "/parameters/content_base64"),
        ({"name": "a", "text": "x", "content_base64": "eA=="}, "/parameters/content_base64"),
        ({"name": "a", "content_base64": "###"}, "/parameters/content_base64"),
        ({"name": "a", "text": "x", "file": {"base64": "eA=="}}, "/parameters/content_base64"),
        ({"name": "a", "file": {"base64": "###"}}, "/parameters/file/base64"),
        ({"name": "a", "file": {"filename": "b", "size": 5}}, "/parameters/file"),
        ({"name": "a", "file": {"base64": "", "content_type": "x"}}, "/parameters/file/content_type"),
        ({"file": {"base64": "eA=="}}, "/parameters/name"),
        ({"text": "x"}, "/parameters/name"),
        ({"name": "a", "text": "\ud800"}, "/parameters/text"),
        ({"name": "a", "text": "x", "mime_type": "text/plain\r\nX: y"}, "/parameters/mime_type"),
        ({"name": "a", "text": "x", "convert_to": "film"}, "/parameters/convert_to"),
        ({"name": "a", "text": "x", "convert_to": []}, "/parameters/convert_to"),
    ],
)
async def test_what_cannot_be_uploaded_is_pointed_at(parameters: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidParameters) as error:
        await upload(**parameters)
    assert [fault.pointer for fault in error.value.faults] == [pointer]
