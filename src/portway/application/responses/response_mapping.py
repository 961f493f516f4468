"""From a service's response to `data`: JSON as it is, text as a string, the rest as base64 with its name."""

import base64
import codecs
import json
import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec.structs import replace

from portway.application.language.expression import compiled, is_true
from portway.application.language.transform_config import GraphqlBody, Response, TransformConfig
from portway.application.ports.http import UpstreamResponse
from portway.application.responses.error_message import error_message
from portway.application.responses.xml_body import parse_xml
from portway.domain.errors import UpstreamError, UpstreamInvalidResponse
from portway.domain.json_value import JsonValue

_decode: Callable[[bytes], JsonValue] = msgspec.json.Decoder().decode

_JSON = re.compile(r"(?:application|text)/(?:[\w.+-]+\+)?json")
_TEXT = re.compile(
    r"text/.+|.+\+xml|application/(?:xml|javascript|ecmascript|graphql|sql|toml|csv|(?:x-)?yaml|(?:x-)?ndjson|jsonl|"
    r"x-www-form-urlencoded)"
)
_XML_ENCODING = re.compile(rb"\s*<\?xml[^>]{0,100}?encoding=[\"']([A-Za-z0-9._-]{1,40})[\"']")
_HALF_SURROGATE = re.compile("[\ud800-\udfff]")
_EXTENDED_FILENAME = re.compile(r";\s*filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)", re.IGNORECASE)
_FILENAME = re.compile(r";\s*filename\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^;]+)", re.IGNORECASE)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MAY_HOLD_HALF_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# Text encodings to Python that no service means, some of them slow.
_NO_CHARSETS = frozenset({"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape", "utf-7"})

# What helps a caller to act on an error. Others may hold cookies, or say things about the inside of the
# service.
_SHOWN_HEADERS = frozenset(
    {"content-type", "date", "request-id", "retry-after", "www-authenticate", "x-amzn-requestid",
    "x-correlation-id",
     "x-github-request-id", "x-guploader-uploadid", "x-request-id", "x-slack-req-id"}
)  # fmt: skip
_SHOWN_PREFIXES = ("ratelimit", "x-ratelimit-", "x-rate-limit-")


def read_response(response: UpstreamResponse, config: TransformConfig) -> JsonValue:
    """The `data` of a successful response, mapped as the row says.

    Raises UpstreamError for a status that is no success, and for a body that `response.error` takes for one;
    UpstreamInvalidResponse for a body that is not of the row's format, or not what its content type says;
    InvalidIntegrationConfig for an expression that does not fit the body.
    """
    rules = _rules(config)
    body = _successful_body(response, rules)
    return body if rules.data is None else compiled(rules.data, "response.data").search(body)


def read_body(response: UpstreamResponse, config: TransformConfig) -> JsonValue:
    """The body of a successful response, before `response.data` maps it. Raises as `read_response`."""
    return _successful_body(response, _rules(config))


def raise_for_status(response: UpstreamResponse, config: TransformConfig | None = None) -> None:
    """Raises UpstreamError unless the status is a success; a redirect that was not followed is none.

    By the row's `config`, the service's own words are found where they are at this service.
    """
    _check_status(response, Response() if config is None else _rules(config))


def _successful_body(response: UpstreamResponse, rules: Response) -> JsonValue:
    _check_status(response, rules)
    body = _parse(response, rules.format)
    if rules.error is not None and is_true(compiled(rules.error, "response.error").find(body)):
        raise _error(response, body, rules.message)
    return body


def _check_status(response: UpstreamResponse, rules: Response) -> None:
    if not _is_success(response):
        raise _error(response, _error_body(response, rules.format), rules.message)


def _error(response: UpstreamResponse, body: JsonValue, message: str | None) -> UpstreamError:
    """The error that the response is, with the service's own words where there are any."""
    headers = {
        name: value
        for name, value in response.headers.items()
        if name in _SHOWN_HEADERS or name.startswith(_SHOWN_PREFIXES)
    }
    return UpstreamError(response.status_code, body, headers, _detail(response, error_message(body, message)))


def _detail(response: UpstreamResponse, words: str | None) -> str:
    answer = "with an error" if _is_success(response) else str(response.status_code)
    if words is None:
        return f"The service answered {answer}; see `upstream`."
    end = "" if words.endswith((".", "!", "?")) else "."
    return f"The service answered {answer}: {words}{end}"


def is_json(headers: Mapping[str, str]) -> bool:
    """Whether the body is JSON by what the headers say."""
    return _JSON.fullmatch(_media_type(headers)) is not None


def filename_of(headers: Mapping[str, str]) -> str | None:
    """The name that Content-Disposition gives, without any folder.

    Not by `email.message`, which prefers `filename` to `filename*` where both are given; RFC 6266 says
    otherwise.
    """
    disposition = headers.get("content-disposition", "")
    name = ""
    if extended := _EXTENDED_FILENAME.search(disposition):
        name = unquote_to_bytes(extended.group(2)).decode(
            _known_charset(extended.group(1)) or "utf-8", "replace"
        )
    elif plain := _FILENAME.search(disposition):
        name = plain.group(1).strip()
        if name.startswith('"'):
            name = re.sub(r"\\(.)", r"\1", name[1:-1])
    name = _UNPRINTABLE.sub("", re.split(r"[/\\]", name)[-1]).strip()
    return name or None


def _rules(config: TransformConfig) -> Response:
    """What the row says of its responses; GraphQL has an envelope of its own (GraphQL specification, section 7)."""
    rules = config.response
    if isinstance(config.body, GraphqlBody):
        return replace(
            rules,
            data=rules.data or "data",
            error=rules.error or "errors",
            message=rules.message or "errors[0].message",
        )
    return rules


def _is_success(response: UpstreamResponse) -> bool:
    return 200 <= response.status_code < 300


def _parse(response: UpstreamResponse, form: str) -> JsonValue:
    declared = response.headers.get("content-type", "")
    if form == "auto" or not response.body:
        return map_response(response)
    if form == "json":
        return _parse_json(response.body, declared)
    if form == "xml":
        return parse_xml(_decode_text(response.body, declared))
    if form == "text":
        return _decode_text(response.body, declared)
    return _as_file(response, _media_type(response.headers) or "application/octet-stream")


def map_response(response: UpstreamResponse) -> JsonValue:
    """The body as JSON. Raises UpstreamInvalidResponse where it is not what its content type says."""
    declared = response.headers.get("content-type", "")
    media_type = _media_type(response.headers)
    if not response.body:
        return None
    if _JSON.fullmatch(media_type):
        return _parse_json(response.body, declared)
    if _TEXT.fullmatch(media_type):
        return _decode_text(response.body, declared)
    if not media_type:
        return _guess(response)
    return _as_file(response, media_type)


def _error_body(response: UpstreamResponse, form: str) -> JsonValue:
    """An error's body, of any quality and size. What is said of the format is said of successes: an error may be JSON
    where those are XML, text or files.
    """
    for attempt in (form, "auto") if form in ("json", "xml") else ("auto",):
        with suppress(UpstreamInvalidResponse):
            return _parse(response, attempt)
    return _decode_text(response.body, response.headers.get("content-type", ""))


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _parse_json(body: bytes, declared: str) -> JsonValue:
    try:
        return _decode(body)
    except (ValueError, RecursionError):
        return _parse_unusual_json(body, declared)


def _parse_unusual_json(body: bytes, declared: str) -> JsonValue:
    """Blank, in another encoding than UTF-8, with a byte order mark or with halves of surrogate pairs."""
    if not body.strip():
        return None
    try:
        try:
            text = body.decode(json.detect_encoding(body))
        except UnicodeDecodeError:
            text = body.decode(_charset(declared) or "utf-8")
        value: JsonValue = json.loads(
            text.removeprefix("\ufeff"), parse_float=_finite, parse_constant=_finite
        )
        return _whole_text(value) if _MAY_HOLD_HALF_SURROGATE.search(body) else value
    except (ValueError, RecursionError):
        raise UpstreamInvalidResponse("The service's answer is not the JSON that it should be.") from None


def _finite(written: str) -> float:
    if not math.isfinite(value := float(written)):
        raise ValueError(written)
    return value


def _whole_text(value: JsonValue) -> JsonValue:
    """Without halves of surrogate pairs, which JSON can write as an escape and UTF-8 cannot say."""
    if isinstance(value, str):
        return _HALF_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole_text(item) for item in value]
    if isinstance(value, dict):
        return {_HALF_SURROGATE.sub("\ufffd", key): _whole_text(member) for key, member in value.items()}
    return value


def _guess(response: UpstreamResponse) -> JsonValue:
    """Without a content type: JSON if it is JSON, text if it is UTF-8, else a file."""
    try:
        return _parse_json(response.body, "")
    except UpstreamInvalidResponse:
        pass
    try:
        return response.body.decode()
    except UnicodeDecodeError:
        return _as_file(response, "application/octet-stream")


def _decode_text(body: bytes, declared: str) -> str:
    charset = _charset(declared)
    if charset is None and (match := _XML_ENCODING.match(body)):
        charset = _known_charset(match.group(1).decode("ascii"))
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"),
                           (codecs.BOM_UTF16_BE, "utf-16-be")):  # fmt: skip
        if body.startswith(mark):
            body, charset = body[len(mark) :], encoding
            break
    return _HALF_SURROGATE.sub("\ufffd", body.decode(charset or "utf-8", "replace"))


def _charset(declared: str) -> str | None:
    match = re.search(r";\s*charset\s*=\s*\"?([A-Za-z0-9._:-]{1,40})", declared, re.IGNORECASE)
    return _known_charset(match.group(1)) if match else None


def _known_charset(name: str) -> str | None:
    try:
        known = codecs.lookup(name).name
        if known in _NO_CHARSETS:
            return None
        "".encode(known)  # LookupError for codecs that are no text encoding, such as base64
    except LookupError:
        return None
    return known


def _as_file(response: UpstreamResponse, media_type: str) -> dict[str, JsonValue]:
    return {
        "content_type": media_type,
        "filename": filename_of(response.headers),
        "size": len(response.body),
        "base64": base64.b64encode(response.body).decode("ascii"),
    }
