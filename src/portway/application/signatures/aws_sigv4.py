"""AWS Signature Version 4 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).

Written out here: of AWS' own libraries, `aws-sdk-signers` needs a later Python, and `botocore` weighs 17 MB.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, unquote_to_bytes, urlsplit

from portway.application.ports.http import OutgoingRequest
from portway.domain.errors import InvalidIntegrationConfig

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
# What a proxy on the way may add or change: the same that AWS' own libraries leave out.
_NOT_SIGNED = frozenset({"authorization", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"})
_SPACES = re.compile(" +")
_AUTHORITY = re.compile(r"(.*?)\.?(:[0-9]*)?")
_IMPLIED_PORTS = frozenset({("http", ":80"), ("https", ":443"), ("http", ":"), ("https", ":")})


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """An access key; `session_token` comes with temporary ones."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


def sign_aws_sigv4(
    request: OutgoingRequest, credentials: AwsCredentials, *, service: str, region: str, now: datetime
) -> OutgoingRequest:
    """The request with its signature in the Authorization header, good for some minutes around `now`.

    Path and query are sent as AWS encodes them, so that nobody else's encoding can tell another story. Raises
    InvalidIntegrationConfig for a body that is streamed, unless it goes to S3 over https.
    """
    # S3, of all services, takes a path as it is sent, and wants the hash of the body in a header.
    is_s3 = service.startswith("s3")
    parts = urlsplit(request.url)
    path, query = _encoded_path(parts.path), _encoded_query(parts.query)
    payload_hash = _payload_hash(request, parts.scheme, is_s3=is_s3)
    time = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {name.lower(): value for name, value in request.headers.items()} | {"x-amz-date": time}
    if credentials.session_token:
        headers["x-amz-security-token"] = credentials.session_token
    if is_s3:
        headers["x-amz-content-sha256"] = payload_hash
    signed_headers, canonical = canonical_request(
        request.method,
        path if is_s3 else canonical_path(path),
        query,
        headers | {"host": _host_header(parts.scheme, parts.netloc)},
        payload_hash,
    )
    scope = f"{time[:8]}/{region}/{service}/aws4_request"
    signature = _signature(credentials.secret_access_key, scope, string_to_sign(time, scope, canonical))
    headers["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope}, "
        f"SignedHeaders={signed_headers}, Signature={signature}"
    )
    url = f"{parts.scheme}://{parts.netloc}{path}{'?' if query else ''}{query}"
    return OutgoingRequest(request.method, url, headers, request.body)


def canonical_request(
    method: str, path: str, query: str, headers: Mapping[str, str], payload_hash: str
) -> tuple[str, str]:
    """The list of signed headers, and the text that the request is to the signature. Names are in lower case."""
    signed = sorted(name for name in headers if name not in _NOT_SIGNED)
    signed_headers = ";".join(signed)
    lines = (f"{name}:{_SPACES.sub(' ', headers[name].strip())}\n" for name in signed)
    pairs = sorted(pair.partition("=") for pair in query.split("&") if pair)
    canonical_query = "&".join(f"{name}={value}" for name, _, value in pairs)
    return signed_headers, "\n".join(
        (method, path, canonical_query, "".join(lines), signed_headers, payload_hash)
    )


def canonical_path(path: str) -> str:
    """A path as all services but S3 sign it: without empty and dotted segments, and encoded (once more)."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    end = "/" if path.endswith("/") and kept else ""
    return quote(f"/{'/'.join(kept)}{end}")


def string_to_sign(time: str, scope: str, canonical: str) -> str:
    """What the key signs."""
    return "\n".join((_ALGORITHM, time, scope, hashlib.sha256(canonical.encode()).hexdigest()))


def _signature(secret_access_key: str, scope: str, text: str) -> str:
    key = f"AWS4{secret_access_key}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return _hmac(key, text).hex()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _payload_hash(request: OutgoingRequest, scheme: str, *, is_s3: bool) -> str:
    body = request.body or b""
    if isinstance(body, bytes):
        return hashlib.sha256(body).hexdigest()
    if is_s3 and scheme == "https":
        return _UNSIGNED_PAYLOAD
    raise InvalidIntegrationConfig(
        "a body that is streamed can be signed for S3 over https alone; send a smaller file, or base64."
    )


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="")


def _encoded_path(path: str) -> str:
    return "/".join(map(_encoded, path.split("/"))) or "/"


def _encoded_query(query: str) -> str:
    """The pairs in their order. A `+` is the space of a form, which AWS writes `%20`."""
    pairs = (pair.replace("+", " ").partition("=") for pair in query.split("&") if pair)
    return "&".join(f"{_encoded(name)}{sign}{_encoded(value)}" for name, sign, value in pairs)


def _host_header(scheme: str, authority: str) -> str:
    """As the client sends it: without a port that goes without saying, and without the dot of a full domain name."""
    match = _AUTHORITY.fullmatch(authority)
    host, port = match.groups(default="") if match else (authority, "")
    return host if (scheme, port) in _IMPLIED_PORTS else f"{host}{port}"
