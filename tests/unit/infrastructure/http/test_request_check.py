import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.ports.http import OutgoingRequest
from portway.domain.errors import InvalidIntegrationConfig
from portway.infrastructure.http.request_check import check_request

URL = "https://example.com/"
UNSENDABLE = [chr(code) for code in (*range(9), *range(10, 32), 127)] + ["\ud800", "\udfff"]


def test_a_complete_request_passes() -> None:
    headers = {"Authorization": "Bearer abc", "X-Name": "Zoë\t(中)", "X-Empty": ""}
    assert (
        str(check_request(OutgoingRequest("POST", f"{URL}a%20b?c=%2B", headers, b"{}")))
        == f"{URL}a%20b?c=%2B"
    )


@pytest.mark.parametrize(
    "method", ["", "get", "GET ", "GET /x HTTP/1.1\r\nA: b\r\n\r\nGET", "CONNECT", "TRACE"]
)
def test_refuses_methods(method: str) -> None:
    with pytest.raises(InvalidIntegrationConfig):
        check_request(OutgoingRequest(method, URL))


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "a\n", "ä", "(x)"])
def test_refuses_header_names(name: str) -> None:
    with pytest.raises(InvalidIntegrationConfig):
        check_request(OutgoingRequest("GET", URL, {name: "x"}))


@pytest.mark.parametrize(
    "name",
    ["Host", "content-length", "Transfer-Encoding", "connection", "Expect", "Proxy-Authorization", "TE"],
)
def test_refuses_headers_that_frame_the_message(name: str) -> None:
    with pytest.raises(InvalidIntegrationConfig, match=f"{name.lower()}.*Portway itself"):
        check_request(OutgoingRequest("GET", URL, {name: "x"}))


@given(st.text(), st.sampled_from(UNSENDABLE), st.text())
def test_no_value_with_a_control_character_passes(before: str, bad: str, after: str) -> None:
    with pytest.raises(InvalidIntegrationConfig) as refusal:
        check_request(OutgoingRequest("GET", URL, {"X-Test": f"{before}{bad}{after}"}))
    assert str(refusal.value) == "The value of the header X-Test has characters that HTTP does not allow."


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/relative",
        "//example.com/",
        "example.com",
        "https://example.com/a b",
        "https://example.com/\r\nX: y",
        "https://example.com/a\n",
        "https://good.com\\@evil.com/",
        "https://exämple.com/",
        "https://{tenant}.example.com/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://[::1/",
        "https:///path",
    ],
)
def test_refuses_urls_that_are_not_absolute_and_encoded(url: str) -> None:
    with pytest.raises(InvalidIntegrationConfig) as refusal:
        check_request(OutgoingRequest("GET", url))
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
