import json
from email import message_from_bytes
from email.policy import HTTP

from hypothesis import given
from hypothesis import strategies as st

from portway.application.handlers.multipart_related import multipart_related
from portway.domain.json_value import JsonValue
from tests.unit.domain.json_values import OBJECTS


@given(metadata=OBJECTS, content=st.binary(max_size=200) | st.just(b"--portway-\r\n--\r\n\r\n"))
def test_both_parts_arrive(metadata: dict[str, JsonValue], content: bytes) -> None:
    content_type, body = multipart_related(metadata, "image/png", content)
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body, policy=HTTP)
    assert message.get_content_type() == "multipart/related"
    boundary = str(message.get_boundary()).encode()
    first, second = body.removesuffix(b"\r\n--" + boundary + b"--\r\n").split(b"--" + boundary + b"\r\n")[1:]
    head, _, written = first.partition(b"\r\n\r\n")
    assert head == b"Content-Type: application/json; charset=UTF-8"
    assert json.loads(written) == metadata
    assert second == b"Content-Type: image/png\r\n\r\n" + content
