import json
from typing import Any

import pytest

from portway.application.ports.http import UpstreamResponse
from portway.application.requests.files import UploadedFile
from portway.catalog.fixtures import HeldContent
from portway.catalog.slack.upload_file import upload_file
from portway.domain.errors import InvalidParameters, UpstreamError, UpstreamInvalidResponse
from portway.domain.json_value import JsonValue
from tests.fakes.action_context import RecordingContext, ScriptedAnswer
from tests.unit.catalog.contexts import shipped

UPLOAD_URL = "https://files.slack.com/upload/v1/CwABAAAA"
HELLO = {"filename": "hello.txt", "text": "Hello"}


def said(body: Any) -> UpstreamResponse:
    return UpstreamResponse(200, {"content-type": "application/json"}, json.dumps(body).encode())


ADDRESS = said({"ok": True, "upload_url": UPLOAD_URL, "file_id": "F1"})
STORED = UpstreamResponse(200, {"content-type": "text/plain"}, b"OK - 5")
SHARED = said({"ok": True, "files": [{"id": "F1"}]})


def context(*answers: ScriptedAnswer) -> RecordingContext:
    return shipped("slack", "upload-file", *answers)


async def test_the_credential_stays_with_slack() -> None:
    uploading = context(ADDRESS, STORED, SHARED)
    assert await upload_file(uploading, HELLO) is SHARED
    assert [request.url for request in uploading.elsewhere] == [UPLOAD_URL]


async def test_an_uploaded_file_is_passed_on_as_it_comes() -> None:
    content = HeldContent(b"x" * 200_000)
    uploading = context(ADDRESS, STORED, SHARED)
    await upload_file(uploading, {"file": UploadedFile("big.bin", "application/pdf", content)})
    asked, sent, _ = uploading.requests
    assert asked.body == b"filename=big.bin&length=200000"
    assert sent.body is content


async def test_a_name_goes_before_that_of_the_file() -> None:
    uploading = context(ADDRESS, STORED, SHARED)
    file: JsonValue = {"filename": "old.txt", "base64": "SGVsbG8="}
    await upload_file(uploading, {"filename": "new & old.txt", "file": file})
    assert uploading.requests[0].body == b"filename=new+%26+old.txt&length=5"
    assert uploading.requests[1].body == b"Hello"


REFUSED = said({"ok": False, "error": "not_in_channel"})
BROKEN = UpstreamResponse(500, {"content-type": "text/plain"}, b"oops")
FAILURES: list[tuple[list[ScriptedAnswer], str, tuple[str, ...]]] = [
    ([REFUSED], "ask for the upload address", ()),
    ([BROKEN], "ask for the upload address", ()),
    ([ADDRESS, BROKEN], "send the content", ("ask for the upload address",)),
    ([ADDRESS, STORED, REFUSED], "complete the upload", ("ask for the upload address", "send the content")),
    ([ADDRESS, STORED, BROKEN], "complete the upload", ("ask for the upload address", "send the content")),
]


@pytest.mark.parametrize(("answers", "failed", "done"), FAILURES)
async def test_an_error_says_which_steps_were_done(
    answers: list[ScriptedAnswer], failed: str, done: tuple[str, ...]
) -> None:
    uploading = context(*answers)
    with pytest.raises(UpstreamError) as refused:
        await upload_file(uploading, HELLO)
    assert (refused.value.failed_step, refused.value.steps_done) == (failed, done)
    assert len(uploading.requests) == len(answers)
    assert (answers[-1] is REFUSED) == ("not_in_channel" in refused.value.detail)
    # Whoever knows the address may upload.
    assert UPLOAD_URL not in refused.value.detail


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": True},
        {"ok": True, "upload_url": "", "file_id": "F1"},
        {"ok": True, "upload_url": UPLOAD_URL},
        [],
    ],
)
async def test_an_answer_without_an_address_ends_it(answer: Any) -> None:
    uploading = context(said(answer))
    with pytest.raises(UpstreamInvalidResponse):
        await upload_file(uploading, HELLO)
    assert len(uploading.requests) == 1


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"filename": "a.txt"}, "/parameters/content_base64"),
        ({"filename": "a.txt", "text": "a", "content_base64": "YQ=="}, "/parameters/content_base64"),
        ({"text": "a"}, "/parameters/filename"),
        ({"file": {"base64": "YQ=="}}, "/parameters/filename"),
        ({"filename": "a.txt", "content_base64": "a*"}, "/parameters/content_base64"),
        ({"file": {"filename": "a.txt", "base64": "a*"}}, "/parameters/file/base64"),
        ({"file": {"filename": "a.txt"}}, "/parameters/file/base64"),
        ({"filename": "a.txt", "content_base64": ""}, "/parameters/content_base64"),
        ({"filename": "a.txt", "text": "\ud800"}, "/parameters/text"),
    ],
)
async def test_what_cannot_be_uploaded_is_not_asked_for(parameters: dict[str, Any], pointer: str) -> None:
    uploading = context()
    with pytest.raises(InvalidParameters) as refused:
        await upload_file(uploading, parameters)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]
    assert uploading.requests == []
