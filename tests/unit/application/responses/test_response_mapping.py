import base64
import contextlib
import encodings.aliases
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.error_masking import without_secrets
from portway.application.language.transform_config import TransformConfig
from portway.application.ports.http import UpstreamResponse
from portway.application.responses.error_message import MAX_LENGTH
from portway.application.responses.response_mapping import (
    map_response,
    raise_for_status,
    read_response,
)
from portway.domain.errors import InvalidIntegrationConfig, UpstreamError, UpstreamInvalidResponse
from portway.domain.json_value import JsonValue
from portway.domain.rules.execution_logging import REDACTED
from tests.unit.domain.json_values import VALUES


def response(
    body: bytes, content_type: str | None = None, status: int = 200, **headers: str
) -> UpstreamResponse:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return UpstreamResponse(status, fields | ({"content-type": content_type} if content_type else {}), body)


# JSON


@given(
    value=VALUES,
    content_type=st.sampled_from(
        ["application/json", "application/json; charset=utf-8", "Application/Problem+JSON", "text/json",
         "application/vnd.api+json", "application/ld+json;profile=x"]
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)  # fmt: skip
def test_json_is_data_as_it_is(value: JsonValue, content_type: str, encoding: str) -> None:
    assert (
        map_response(response(json.dumps(value, ensure_ascii=False).encode(encoding), content_type)) == value
    )


def test_json_in_a_declared_charset_that_is_not_unicode() -> None:
    assert map_response(response(b'{"a":"\xfc"}', "application/json; charset=iso-8859-1")) == {"a": "ü"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"<html>",
        b"NaN",
        b"[1e400]",
        b'{"a": Infinity}',
        b"\xff\xfe\xfd",
        b'{"a":"\xfc"}',
        b"[" * 100_000,
        b"[" * 700 + b'"\\ud800"' + b"]" * 700,
        b"1" * 5000,
    ],
)
def test_what_is_no_json_though_declared_is_refused(body: bytes) -> None:
    with pytest.raises(UpstreamInvalidResponse):
        map_response(response(body, "application/json"))


def test_half_surrogates_can_be_sent_on() -> None:
    data = map_response(response(b'{"a\\ud800":["\\uDFFF\\ud83d\\ude00", "\\\\ud800"]}', "application/json"))
    assert data == {"a\ufffd": ["\ufffd\U0001f600", "\\ud800"]}


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "image/png", None])
def test_an_empty_body_is_null(content_type: str | None) -> None:
    assert map_response(response(b"", content_type, 204)) is None


def test_blank_json_is_null() -> None:
    assert map_response(response(b" \r\n", "application/json")) is None


# Text


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"a\r\nb", "text/plain", "a\r\nb"),
        ("Grüße".encode(), "text/html; charset=UTF-8", "Grüße"),
        ("Grüße".encode("latin-1"), 'text/plain; charset="ISO-8859-1"', "Grüße"),
        ("月報".encode("shift_jis"), "text/csv;charset=Shift_JIS", "月報"),
        ("ü".encode("utf-16"), "text/plain; charset=utf-16", "ü"),
        ("ü".encode("utf-8-sig"), "text/plain", "ü"),
        (b"a\xff", "text/plain", "a\ufffd"),
        (b"a", "text/plain; charset=no-such-thing", "a"),
        (b"a", "text/plain; charset=base64", "a"),
        (b"+AGE-", "text/plain; charset=utf-7", "+AGE-"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xfc</a>", "application/xml",
         "<?xml version='1.0' encoding='ISO-8859-1'?><a>ü</a>"),
        (b"<svg/>", "image/svg+xml", "<svg/>"),
        (b"a: 1", "application/yaml", "a: 1"),
        (b"{}\n{}", "application/x-ndjson", "{}\n{}"),
        (b"a=1", "application/x-www-form-urlencoded", "a=1"),
    ],
)  # fmt: skip
def test_text_is_a_string(body: bytes, content_type: str, text: str) -> None:
    assert map_response(response(body, content_type)) == text


@given(
    body=st.binary(max_size=40),
    charset=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12),
)
def test_whatever_it_is_it_can_be_sent_on(body: bytes, charset: str) -> None:
    for content_type in (
        f"text/plain; charset={charset}",
        f"application/octet-stream; charset={charset}",
        None,
    ):
        json.dumps(map_response(response(body, content_type)), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "charset", sorted({*encodings.aliases.aliases.values(), "idna", "punycode", "undefined"})
)
def test_no_charset_that_python_knows_breaks_it(charset: str) -> None:
    assert isinstance(map_response(response(b"a\xff\x00\\ud800", f"text/plain; charset={charset}")), str)


# Files


def test_anything_else_is_a_file() -> None:
    body = bytes(range(256))
    assert map_response(
        response(body, "image/PNG; x=y", content_disposition='attachment; filename="a b.png"')
    ) == {
        "content_type": "image/png",
        "filename": "a b.png",
        "size": 256,
        "base64": base64.b64encode(body).decode(),
    }


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ("attachment; filename=\"EURO.txt\"; filename*=UTF-8''%e2%82%ac%20rates.txt", "€ rates.txt"),
        ("attachment; filename*=UTF-8''%e2%82%ac.txt; filename=EURO.txt", "€.txt"),
        ("attachment; filename*=iso-8859-1'en'%A3.txt", "£.txt"),
        ("attachment;FileName = plain.txt ", "plain.txt"),
        ('attachment; filename="a;\\"b\\".txt"', 'a;"b".txt'),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\temp\\\\x.txt"', "x.txt"),
        ("attachment; filename*=UTF-8''..%2F..%2Fx", "x"),
        ("attachment; filename*=UTF-8''a%0d%0ab", "ab"),
        ('attachment; filename="caf\udcc3\udca9.txt"', "caf.txt"),
        ("inline", None),
        ('attachment; filename=""', None),
        ("attachment; filename=", None),
        ("", None),
    ],
)
def test_the_name_of_a_file(disposition: str, filename: str | None) -> None:
    data = map_response(response(b"\x00", "application/octet-stream", content_disposition=disposition))
    assert isinstance(data, dict)
    assert data["filename"] == filename


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b'{"a":1}', {"a": 1}),
        (b"hello", "hello"),
        (
            b"\xff\x00",
            {"content_type": "application/octet-stream", "filename": None, "size": 2, "base64": "/wA="},
        ),
    ],
)
def test_without_a_content_type_the_body_tells(body: bytes, data: JsonValue) -> None:
    assert map_response(response(body)) == data


# Errors


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206])
def test_a_success_passes(status: int) -> None:
    raise_for_status(response(b"", status=status))


@pytest.mark.parametrize("status", [301, 304, 400, 401, 404, 429, 500, 503])
def test_any_other_status_is_an_error(status: int) -> None:
    with pytest.raises(UpstreamError) as error:
        raise_for_status(response(b'{"error":"x"}', "application/json", status))
    assert (error.value.status_code, error.value.body) == (status, {"error": "x"})


@pytest.mark.parametrize(
    ("body", "content_type", "shown"),
    [
        (b"<html>Bad Gateway</html>", "text/html", "<html>Bad Gateway</html>"),
        (b"<html>Bad Gateway</html>", "application/json", "<html>Bad Gateway</html>"),
        (b"\xff{", "application/json", "\ufffd{"),
        (b"", None, None),
    ],
)
def test_an_error_of_bad_quality_is_shown_too(
    body: bytes, content_type: str | None, shown: JsonValue
) -> None:
    with pytest.raises(UpstreamError) as error:
        raise_for_status(response(body, content_type, 502))
    assert error.value.body == shown


def test_only_harmless_headers_are_shown() -> None:
    headers = {
        "retry-after": "5",
        "x-request-id": "1",
        "x-ratelimit-remaining": "0",
        "content-type": "text/plain",
        "set-cookie": "session=s3cret",
        "server": "inside/1.2",
        "x-internal-host": "10.0.0.1",
        "location": "https://signed.example/?sig=s3cret",
    }
    with pytest.raises(UpstreamError) as error:
        raise_for_status(UpstreamResponse(429, headers, b"slow down"))
    assert set(error.value.headers) == {
        "retry-after",
        "x-request-id",
        "x-ratelimit-remaining",
        "content-type",
    }


# Errors under 200


def config(**members: Any) -> TransformConfig:
    return msgspec.convert(members, TransformConfig)


OK = config(response={"error": "ok != `true`", "message": "error"})


def test_a_success_that_says_so() -> None:
    assert read_response(response(b'{"ok":true,"ts":"1"}', "application/json"), OK) == {
        "ok": True,
        "ts": "1",
    }
    assert read_response(response(b'{"ok":false}', "application/json"), config()) == {"ok": False}


@pytest.mark.parametrize(
    "body", [b'{"ok":false}', b'{"ok":1}', b'{"ok":"true"}', b"{}", b"[]", b"null", b'"ok"', b""]
)
def test_an_error_under_200(body: bytes) -> None:
    with pytest.raises(UpstreamError) as error:
        read_response(response(body, "application/json"), OK)
    assert error.value.status_code == 200


def test_the_services_own_words() -> None:
    body = b'{"ok":false,"error":"channel_not_found"}'
    with pytest.raises(UpstreamError, match=r"with an error: channel_not_found\.$") as error:
        read_response(response(body, "application/json"), OK)
    assert error.value.body == {"ok": False, "error": "channel_not_found"}


def test_a_number_that_tells() -> None:
    zero = config(response={"error": "code != `0`"})
    assert read_response(response(b'{"code":0}', "application/json"), zero) == {"code": 0}
    with pytest.raises(UpstreamError):
        read_response(response(b'{"code":1}', "application/json"), zero)


def test_an_expression_that_does_not_fit_a_body_finds_no_error_in_it() -> None:
    counted = config(response={"error": "length(errors) > `0`"})
    assert read_response(response(b"{}", "application/json"), counted) == {}
    with pytest.raises(UpstreamError):
        read_response(response(b'{"errors":[1]}', "application/json"), counted)


# Mapping


def test_data_is_what_the_row_picks() -> None:
    picked = config(response={"data": "items[].{id: id, name: title}"})
    body = b'{"items":[{"id":1,"title":"a","x":2}]}'
    assert read_response(response(body, "application/json"), picked) == [{"id": 1, "name": "a"}]
    with pytest.raises(InvalidIntegrationConfig, match=r"transform_config\.response\.data"):
        read_response(response(b"{}", "application/json"), config(response={"data": "length(items)"}))


def test_graphql_has_an_envelope() -> None:
    graphql = config(body={"encoding": "graphql", "query": "{a}"})
    assert read_response(response(b'{"data":{"a":1}}', "application/json"), graphql) == {"a": 1}
    with pytest.raises(UpstreamError, match=r"with an error: no such field\.$"):
        read_response(response(b'{"errors":[{"message":"no such field"}]}', "application/json"), graphql)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("xml", {"a": {"@b": "1", "c": ["2", "3"]}}),
        ("text", '<a b="1"><c>2</c><c>3</c></a>'),
        ("auto", '<a b="1"><c>2</c><c>3</c></a>'),
    ],
)
def test_the_row_says_what_the_body_is(form: str, expected: JsonValue) -> None:
    body = b'<a b="1"><c>2</c><c>3</c></a>'
    assert read_response(response(body, "text/xml"), config(response={"format": form})) == expected


def test_a_binary_body_is_a_file_whatever_its_type() -> None:
    data = read_response(response(b"{}", "application/json"), config(response={"format": "binary"}))
    assert data == {"content_type": "application/json", "filename": None, "size": 2, "base64": "e30="}


@pytest.mark.parametrize("body", [b"", b"{}", b'{"a":1}', b"<a>", b"no xml"])
@pytest.mark.parametrize("content_type", ["text/plain", "text/html", "application/octet-stream", None])
def test_json_whatever_the_content_type_is(body: bytes, content_type: str | None) -> None:
    as_json = config(response={"format": "json"})
    if body.startswith((b"<", b"no")):
        with pytest.raises(UpstreamInvalidResponse):
            read_response(response(body, content_type), as_json)
    else:
        assert read_response(response(body, content_type), as_json) == json.loads(body or b"null")


@pytest.mark.parametrize("form", ["auto", "json", "xml", "text", "binary"])
def test_an_error_is_read_as_what_it_is_whatever_the_successes_are(form: str) -> None:
    with pytest.raises(UpstreamError, match=r"answered 404: no such file\.$") as error:
        read_response(
            response(b'{"message":"no such file"}', "application/json", 404),
            config(response={"format": form}),
        )
    assert error.value.body == {"message": "no such file"}


def test_xml_in_the_encoding_that_it_declares() -> None:
    body = "<?xml version='1.0' encoding='Shift_JIS'?><a>月報</a>".encode("shift_jis")
    assert read_response(response(body, "application/xml"), config(response={"format": "xml"})) == {
        "a": "月報"
    }


# The service's own words


@pytest.mark.parametrize("config_or_none", [None, config(), config(response={"message": "nowhere"})])
def test_the_words_of_an_error_status(config_or_none: TransformConfig | None) -> None:
    with pytest.raises(UpstreamError) as error:
        raise_for_status(response(b'{"message":"Slow down"}', "application/json", 429), config_or_none)
    assert error.value.detail == "The service answered 429: Slow down."


def test_an_error_without_words() -> None:
    with pytest.raises(UpstreamError) as error:
        raise_for_status(response(b"<html>", "text/html", 500))
    assert error.value.detail == "The service answered 500; see `upstream`."
    with pytest.raises(UpstreamError) as error:
        read_response(response(b'{"ok":false}', "application/json"), config(response={"error": "!ok"}))
    assert error.value.detail == "The service answered with an error; see `upstream`."


def test_the_row_says_where_the_words_are() -> None:
    said = config(response={"message": "join(', ', problems)"})
    with pytest.raises(UpstreamError, match=r"422: a, b\.$"):
        read_response(response(b'{"problems":["a","b"],"message":"x"}', "application/json", 422), said)
    with pytest.raises(UpstreamError, match=r"422: x\.$"):
        read_response(response(b'{"message":"x"}', "application/json", 422), said)


@pytest.mark.parametrize(
    "secret", ["a-secret-of-one-line", 'a-secret\nof-two "lines"', "a-secret\r\n\tof two", "a  secret"]
)
@pytest.mark.parametrize("around", ["", " ", "x\n", "x" * 940, "x " * 480, "x" * 995])
def test_no_secret_that_the_words_repeat_is_shown(secret: str, around: str) -> None:
    body = json.dumps({"message": f"{around}{secret}{around}"}).encode()
    with pytest.raises(UpstreamError) as error:
        raise_for_status(response(body, "application/json", 401))
    shown = without_secrets(error.value, [secret])
    assert "secret" not in shown.detail
    assert (REDACTED in shown.detail) == (2 * len(around) + len(secret) <= MAX_LENGTH)


def test_graphql_says_otherwise_where_the_row_does() -> None:
    graphql = config(
        body={"encoding": "graphql", "query": "{a}"},
        response={"data": "data.a", "error": "data.a.problems", "message": "data.a.problems[0].text"},
    )
    assert read_response(response(b'{"data":{"a":{"id":1}}}', "application/json"), graphql) == {"id": 1}
    body = b'{"data":{"a":{"problems":[{"text":"taken!"}]}}}'
    with pytest.raises(UpstreamError, match=r"with an error: taken!$"):
        read_response(response(body, "application/json"), graphql)


DOCUMENTS = st.builds(
    config,
    response=st.fixed_dictionaries(
        {
            "format": st.sampled_from(["auto", "json", "xml", "text", "binary"]),
            "data": st.sampled_from(["a", "@", "a[].b", "length(@)", "sort(@)", "keys(@)", "a == `1`"]),
            "error": st.sampled_from(["a", "!ok", "length(@) > `1`", "a < `3`", "b.c"]),
            "message": st.sampled_from(["a", "@", "to_string(@)", "a[0].b"]),
        }
    ),
)


@given(
    DOCUMENTS,
    st.one_of(st.binary(max_size=40), VALUES.map(lambda value: json.dumps(value).encode())),
    st.sampled_from([200, 204, 301, 404, 500]),
    st.sampled_from([None, "application/json", "text/xml", "text/plain", "image/png"]),
)
def test_whatever_comes_is_data_or_one_of_three_errors(
    document: TransformConfig, body: bytes, status: int, content_type: str | None
) -> None:
    with contextlib.suppress(UpstreamError, UpstreamInvalidResponse, InvalidIntegrationConfig):
        read_response(response(body, content_type, status), document)
