from typing import Any

import pytest

from portway.application.ports.http import UpstreamResponse
from portway.catalog.google_drive.download_file import download_file
from portway.domain.errors import InvalidParameters, UpstreamError
from tests.fakes.http_client import json_answer
from tests.unit.catalog.contexts import shipped

FILE = "https://www.googleapis.com/drive/v3/files/1AbC"
CONTENT = UpstreamResponse(200, {"content-type": "application/pdf"}, b"%PDF-")


async def requested(kind: str, **parameters: Any) -> str:
    """The URL that the content comes from."""
    context = shipped("google-drive", "download-file", json_answer({"mimeType": kind}), CONTENT)
    response = await download_file(context, {"file_id": "1AbC", **parameters})
    assert b"".join([chunk async for chunk in response.chunks()]) == b"%PDF-"
    look_up, request = context.requests
    assert look_up.url == f"{FILE}?fields=mimeType"
    return request.url


async def test_a_file_comes_as_it_is() -> None:
    assert await requested("application/pdf") == f"{FILE}?alt=media"


@pytest.mark.parametrize(
    ("kind", "export_as", "exported_as"),
    [
        ("document", None, "application%2Fvnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("spreadsheet", None, "application%2Fvnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("presentation", None, "application%2Fvnd.openxmlformats-officedocument.presentationml.presentation"),
        ("drawing", None, "image%2Fpng"),
        ("script", None, "application%2Fvnd.google-apps.script%2Bjson"),
        ("spreadsheet", "text/csv", "text%2Fcsv"),
    ],
)
async def test_a_document_of_googles_own_kind_is_exported(
    kind: str, export_as: str | None, exported_as: str
) -> None:
    parameters = {} if export_as is None else {"export_as": export_as}
    url = await requested(f"application/vnd.google-apps.{kind}", **parameters)
    assert url == f"{FILE}/export?mimeType={exported_as}"


@pytest.mark.parametrize(
    ("kind", "parameters", "pointer"),
    [
        ("application/vnd.google-apps.folder", {}, "/parameters/file_id"),
        ("application/vnd.google-apps.shortcut", {"export_as": "text/plain"}, "/parameters/file_id"),
        ("application/pdf", {"export_as": "text/plain"}, "/parameters/export_as"),
    ],
)
async def test_what_cannot_be_downloaded_is_pointed_at(
    kind: str, parameters: dict[str, Any], pointer: str
) -> None:
    context = shipped("google-drive", "download-file", json_answer({"mimeType": kind}))
    with pytest.raises(InvalidParameters) as error:
        await download_file(context, {"file_id": "1AbC", **parameters})
    assert [fault.pointer for fault in error.value.faults] == [pointer]
    assert len(context.requests) == 1


async def test_a_file_that_is_not_there_is_the_services_error() -> None:
    context = shipped("google-drive", "download-file", json_answer({"error": {}}, 404))
    with pytest.raises(UpstreamError) as error:
        await download_file(context, {"file_id": "1AbC"})
    assert error.value.failed_step == "look the file up"
