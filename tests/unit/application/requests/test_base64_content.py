import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.requests.base64_content import decode_base64
from portway.domain.errors import Fault, InvalidParameters


@given(
    content=st.binary(max_size=200), url_alphabet=st.booleans(), padded=st.booleans(), wrapped=st.booleans()
)
def test_content_arrives(content: bytes, url_alphabet: bool, padded: bool, wrapped: bool) -> None:
    text = (base64.urlsafe_b64encode if url_alphabet else base64.b64encode)(content).decode()
    text = text if padded else text.rstrip("=")
    text = "\r\n".join(text[at : at + 20] for at in range(0, len(text), 20)) if wrapped else text
    assert decode_base64(text, "/parameters/x") == content


@pytest.mark.parametrize(
    "value", ["#", "a", "ab=c", "data:text/plain;base64,aGk=", "ü", None, 5, [], "\ud800"]
)
def test_anything_else_is_pointed_at(value: Any) -> None:
    with pytest.raises(InvalidParameters) as error:
        decode_base64(value, "/parameters/x")
    assert error.value.faults == (Fault("/parameters/x", "is not base64."),)
