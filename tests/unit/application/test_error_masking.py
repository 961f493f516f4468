"""What a caller is shown of a service's error."""

import base64
import json

import pytest

from portway.application.error_masking import MAX_ERROR_BODY_BYTES, without_secrets
from portway.domain.errors import UpstreamError
from portway.domain.json_value import JsonValue
from portway.domain.rules.execution_logging import REDACTED

SECRET = "a-secret-that-is-thirty-bytes-"


def shown(body: JsonValue) -> JsonValue:
    masked = without_secrets(UpstreamError(500, body, {}), [SECRET])
    assert isinstance(masked, UpstreamError)
    return masked.body


@pytest.mark.parametrize(
    "body", ["x" * 10_000_000, ["x" * 100] * 10_000, {str(number): number for number in range(100_000)}]
)
def test_a_long_error_is_cut(body: JsonValue) -> None:
    assert len(json.dumps(shown(body), separators=(",", ":"))) <= MAX_ERROR_BODY_BYTES


@pytest.mark.parametrize("before", range(MAX_ERROR_BODY_BYTES - 80, MAX_ERROR_BODY_BYTES, 7))
def test_no_half_of_a_secret_is_left_where_it_is_cut(before: int) -> None:
    text = json.dumps(shown("x" * before + SECRET + "y" * 100))
    assert SECRET[:8] not in text


def test_a_file_with_a_secret_in_it_is_shown_without_its_content() -> None:
    file: JsonValue = {
        "content_type": "image/png",
        "filename": None,
        "size": 40,
        "base64": base64.b64encode(b"\0" + SECRET.encode() + b"\xff").decode(),
    }
    assert shown(file) == {"content_type": "image/png", "filename": None, "size": 40, "base64": REDACTED}
    harmless: JsonValue = {"content_type": "image/png", "filename": None, "size": 1, "base64": "AA=="}
    assert shown([harmless, {"base64": "no file"}]) == [harmless, {"base64": "no file"}]
