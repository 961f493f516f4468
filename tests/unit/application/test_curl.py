"""Previewed requests as commands: what a shell makes of them."""

import base64
import subprocess

import pytest

from portway.application.curl import curl_command
from portway.application.previewed_request import PreviewedRequest, previewed

NASTY = 'it\'s "$(touch /tmp/x)" `id` \\ \n é'
_TELL = "curl() { printf '%s\\0' \"$@\"; cat; }\n"


def run(request: PreviewedRequest) -> tuple[list[str], bytes]:
    """The arguments that curl gets, and its standard input."""
    done = subprocess.run(
        ["sh", "-c", _TELL + curl_command(request)], capture_output=True, check=True, stdin=subprocess.DEVNULL
    )
    *arguments, given = done.stdout.split(b"\0") if b"\0" in done.stdout else [b""]
    return [argument.decode() for argument in arguments], given


def test_a_get() -> None:
    request = PreviewedRequest("GET", "https://api.example/?q=a&b=it's", {"accept": "*/*"})
    assert run(request) == (["https://api.example/?q=a&b=it's", "--header", "accept: */*"], b"")


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_text_stays_as_it_is(method: str) -> None:
    request = PreviewedRequest(method, "https://api.example/", {"x": NASTY.replace("\n", "")}, NASTY)
    arguments, _ = run(request)
    named = [] if method == "POST" else ["--request", method]
    assert arguments == [
        *named, "https://api.example/", "--header", f"x: {request.headers['x']}", "--data-raw", NASTY
    ]  # fmt: skip


def test_bytes_come_through_the_pipe() -> None:
    content = bytes(range(1, 256))
    request = previewed("POST", "https://api.example/", {}, content)
    assert request.body_base64 == base64.b64encode(content).decode()
    assert run(request) == (["https://api.example/", "--data-binary", "@-"], content)


def test_head_and_a_post_without_a_body() -> None:
    assert run(PreviewedRequest("HEAD", "https://api.example/"))[0] == ["--head", "https://api.example/"]
    posted = run(PreviewedRequest("POST", "https://api.example/"))[0]
    assert posted == ["--request", "POST", "https://api.example/"]
