"""By the published values: AWS' own test suite (`aws4_testsuite.json` says where it is from) and the examples of
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and of the IAM User Guide.
"""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.ports.http import OutgoingRequest, StreamedBody
from portway.application.signatures.aws_sigv4 import (
    AwsCredentials,
    canonical_path,
    canonical_request,
    sign_aws_sigv4,
    string_to_sign,
)
from portway.domain.errors import InvalidIntegrationConfig

SUITE = json.loads(Path(__file__).with_name("aws4_testsuite.json").read_text())["cases"]
# The token is added to the request after it was signed, which is not what is done here.
WHOLE = sorted(SUITE.keys() - {"post-sts-token/post-sts-header-after"})
# Paths with characters that are sent encoded, and so are encoded twice for the signature.
UNENCODED = {"get-utf8", "normalize-path/get-space", "normalize-path/get-special-character"}
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SUITE_TIME = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
SCOPE = "20150830/us-east-1/service/aws4_request"
EMPTY = hashlib.sha256(b"").hexdigest()


def parsed(name: str) -> tuple[str, str, dict[str, str], bytes]:
    """Method, target, headers and body of a request of the suite."""
    head, _, body = SUITE[name]["request"].partition("\n\n")
    first, *lines = head.replace("\n ", "  ").strip().split("\n")
    headers: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(":")
        key = key.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    if name == "get-vanilla-with-session-token":  # its request is without the token that is added to it
        headers["x-amz-security-token"] = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
    method, _, rest = first.partition(" ")
    return method, rest.rpartition(" ")[0], headers, body.encode()


@pytest.mark.parametrize("name", sorted(SUITE))
def test_the_suites_canonical_requests(name: str) -> None:
    case = SUITE[name]
    method, target, headers, body = parsed(name)
    path, _, query = target.partition("?")
    signed_headers, canonical = canonical_request(
        method, canonical_path(path), quote(query, safe="=&%"), headers, hashlib.sha256(body).hexdigest()
    )
    assert canonical == case["canonical_request"]
    assert f"SignedHeaders={signed_headers}, " in case["authorization"]
    assert string_to_sign("20150830T123600Z", SCOPE, canonical) == case["string_to_sign"]


@pytest.mark.parametrize("name", sorted(set(WHOLE) - UNENCODED))
def test_the_suites_signatures(name: str) -> None:
    method, target, headers, body = parsed(name)
    headers.pop("x-amz-date")
    url = f"https://{headers.pop('host')}{quote(target, safe='/?=&%')}"
    credentials = AwsCredentials("AKIDEXAMPLE", SECRET, headers.pop("x-amz-security-token", ""))
    request = OutgoingRequest(method, url, headers, body)
    signed = sign_aws_sigv4(request, credentials, service="service", region="us-east-1", now=SUITE_TIME)
    assert signed.headers["authorization"] == SUITE[name]["authorization"]
    assert signed.headers["x-amz-date"] == "20150830T123600Z"
    assert signed.headers.get("x-amz-security-token", "") == credentials.session_token
    assert "x-amz-content-sha256" not in signed.headers
    assert signed.body == body


def test_the_iam_guides_list_users() -> None:
    kind = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = OutgoingRequest("GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", kind)
    elsewhere = SUITE_TIME.astimezone(timezone(timedelta(hours=-7)))
    signed = sign_aws_sigv4(
        request, AwsCredentials("AKIDEXAMPLE", SECRET), service="iam", region="us-east-1", now=elsewhere
    )
    assert signed.headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def s3(request: OutgoingRequest) -> OutgoingRequest:
    return sign_aws_sigv4(
        request,
        AwsCredentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        service="s3",
        region="us-east-1",
        now=datetime(2013, 5, 24, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "signature"),
    [
        (
            "GET",
            "/test.txt",
            {"range": "bytes=0-9"},
            None,
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test$file.text",
            {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            b"Welcome to Amazon S3.",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        ("GET", "?lifecycle", {}, None, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            "GET",
            "/?max-keys=2&prefix=J",
            {},
            None,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_the_examples_of_s3(
    method: str, target: str, headers: dict[str, str], body: bytes | None, signature: str
) -> None:
    signed = s3(OutgoingRequest(method, f"https://examplebucket.s3.amazonaws.com{target}", headers, body))
    assert signed.headers["authorization"].endswith(f"Signature={signature}")
    assert signed.headers["x-amz-content-sha256"] == hashlib.sha256(body or b"").hexdigest()


def signed_for(request: OutgoingRequest, service: str = "execute-api") -> OutgoingRequest:
    return sign_aws_sigv4(
        request, AwsCredentials("AKID", "secret"), service=service, region="eu-west-1", now=SUITE_TIME
    )


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://a.example", "https://a.example/"),
        ("https://a.example/a(b)c!/x%2Fy/%c3%a9", "https://a.example/a%28b%29c%21/x%2Fy/%C3%A9"),
        ("https://a.example//a/./b", "https://a.example//a/./b"),
        ("https://a.example/x?b=1+2&a=%7e&&flag&e=", "https://a.example/x?b=1%202&a=~&flag&e="),
        ("https://a.example/x?a=%2b&a=[1]", "https://a.example/x?a=%2B&a=%5B1%5D"),
    ],
)
def test_what_is_sent_is_encoded_as_aws_does(url: str, sent: str) -> None:
    assert signed_for(OutgoingRequest("GET", url)).url == sent
    assert signed_for(OutgoingRequest("GET", url), service="s3").url == sent


TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)


@given(segments=st.lists(TEXTS, max_size=3), pairs=st.lists(st.tuples(TEXTS, TEXTS), max_size=4))
def test_the_encoding_changes_no_meaning(segments: list[str], pairs: list[tuple[str, str]]) -> None:
    path = "".join(f"/{quote(segment, safe='!$()*+,;=:@')}" for segment in segments)
    query = "&".join(
        f"{quote(name, safe='!$()*,;:@/?')}={quote(value, safe='!()*/?')}" for name, value in pairs
    )
    signed = signed_for(OutgoingRequest("GET", f"https://a.example{path}?{query}"))
    sent = urlsplit(signed.url)
    assert [unquote(part) for part in sent.path.split("/")[1:]] == (segments or [""])
    assert parse_qsl(sent.query, keep_blank_values=True) == pairs
    again = signed_for(signed)
    assert (again.url, again.headers) == (signed.url, signed.headers)


def test_s3_does_not_normalize_a_path_and_others_encode_it_twice() -> None:
    # Two keys of S3, and the same resource elsewhere.
    plain, doubled = (OutgoingRequest("GET", f"https://a.example{path}") for path in ("/a/b", "/a//b"))
    assert s3(plain).headers["authorization"] != s3(doubled).headers["authorization"]
    assert signed_for(plain).headers["authorization"] == signed_for(doubled).headers["authorization"]
    assert canonical_path("/a%20b") == "/a%2520b"


@pytest.mark.parametrize("service", ["s3", "execute-api"])
def test_whatever_the_service_acts_on_is_signed(service: str) -> None:
    url = "https://a.example/x?q=1"
    base = OutgoingRequest("POST", url, {"x-amz-target": "T", "content-type": "a/b"}, b"body")
    changed = [
        OutgoingRequest("PUT", url, base.headers, b"body"),
        OutgoingRequest("POST", "https://b.example/x?q=1", base.headers, b"body"),
        OutgoingRequest("POST", "https://a.example:8443/x?q=1", base.headers, b"body"),
        OutgoingRequest("POST", "https://a.example/y?q=1", base.headers, b"body"),
        OutgoingRequest("POST", "https://a.example/x?q=2", base.headers, b"body"),
        OutgoingRequest("POST", url, {**base.headers, "x-amz-target": "U"}, b"body"),
        OutgoingRequest("POST", url, {**base.headers, "content-type": "a/c"}, b"body"),
        OutgoingRequest("POST", url, base.headers, b"bodY"),
    ]
    every = [signed_for(request, service=service).headers["authorization"] for request in (base, *changed)]
    assert len(set(every)) == len(every)


def test_what_is_not_the_services_is_not_signed_and_ours_goes_before_the_callers() -> None:
    plain = signed_for(OutgoingRequest("GET", "https://a.example/"))
    theirs = {"Authorization": "Bearer x", "User-Agent": "x", "X-Amz-Date": "19700101T000000Z"}
    signed = signed_for(OutgoingRequest("GET", "https://a.example.:443/", theirs))
    assert signed.headers["authorization"] == plain.headers["authorization"]
    assert signed.headers["x-amz-date"] == "20150830T123600Z"
    assert set(signed.headers) == {"authorization", "user-agent", "x-amz-date"}


class Streamed:
    size = 3

    async def chunks(self) -> AsyncIterator[bytes]:
        yield b"abc"


def test_a_streamed_body_goes_to_s3_unsigned_over_https_and_nowhere_else() -> None:
    body: StreamedBody = Streamed()
    signed = s3(OutgoingRequest("PUT", "https://b.s3.amazonaws.com/key", {}, body))
    assert signed.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert signed.body is body
    for sign, url in ((s3, "http://b.example/key"), (signed_for, "https://b.example/key")):
        with pytest.raises(InvalidIntegrationConfig, match="streamed"):
            sign(OutgoingRequest("PUT", url, {}, body))


def test_a_secret_is_in_no_representation() -> None:
    assert "hidden" not in repr(AwsCredentials("AKID", "hidden-key", "hidden-token"))
