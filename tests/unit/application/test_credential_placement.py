import base64
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.credential_placement import authenticate, secrets_of
from portway.application.ports.http import OutgoingRequest
from portway.application.signatures.aws_sigv4 import AwsCredentials, sign_aws_sigv4
from portway.application.signatures.oauth1 import OAuth1Credentials, sign_oauth1
from portway.domain.credential import Credential
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType
from portway.domain.json_value import JsonValue
from portway.domain.rules.access_control import origin_of
from portway.domain.rules.execution_logging import REDACTED, redact
from tests.unit.application.rows import an_integration

REQUEST = OutgoingRequest(
    "POST",
    "https://api.example/x?a=1&key=callers",
    {"accept": "a/b", "content-type": "application/json"},
    b"{}",
)


def credential(**values: str) -> Credential:
    return Credential(values, version=1)


def placed(auth_type: AuthType, held: Credential | None, **auth_config: Any) -> OutgoingRequest:
    return authenticate(REQUEST, an_integration(auth_type=auth_type, **auth_config), held)


def refused(auth_type: AuthType, held: Credential | None, **auth_config: Any) -> str:
    with pytest.raises(InvalidIntegrationConfig) as error:
        placed(auth_type, held, **auth_config)
    assert error.value.detail.startswith("Integration 'acme': ")
    return error.value.detail


@pytest.mark.parametrize(
    ("auth_type", "held", "authorization"),
    [
        (AuthType.BEARER, credential(token="t0ken"), "Bearer t0ken"),
        (AuthType.OAUTH2, credential(access_token="t0ken", refresh_token="r"), "Bearer t0ken"),
        (AuthType.OAUTH2_CLIENT_CREDENTIALS, credential(access_token="t0ken"), "Bearer t0ken"),
        (AuthType.JWT_BEARER, credential(access_token="t0ken", token="other"), "Bearer t0ken"),
        (AuthType.API_KEY, credential(api_key="k3y"), "Bearer k3y"),
        (
            AuthType.BASIC,
            credential(username="Aladdin", password="open sesame"),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        (AuthType.BASIC, credential(username="test", password="123£"), "Basic dGVzdDoxMjPCow=="),
        (AuthType.BASIC, credential(username="sk_key", password=""), "Basic c2tfa2V5Og=="),
        (AuthType.BASIC, credential(username="sk_key"), "Basic c2tfa2V5Og=="),
    ],
)
def test_where_each_type_goes(auth_type: AuthType, held: Credential, authorization: str) -> None:
    request = placed(auth_type, held)
    assert request.headers == {**REQUEST.headers, "authorization": authorization}
    assert (request.method, request.url, request.body) == (REQUEST.method, REQUEST.url, REQUEST.body)
    assert "authorization" not in REQUEST.headers


def test_without_authentication_nothing_is_added() -> None:
    assert placed(AuthType.NONE, None) is REQUEST
    assert placed(AuthType.NONE, credential(token="t")) is REQUEST


def test_an_integration_says_where_and_may_say_several() -> None:
    request = placed(
        AuthType.CUSTOM,
        credential(account="AC 1&2", token="t0ken"),
        credential_placement=[
            {"in": "header", "name": "X-Auth", "value": "Token {token}; v={account}"},
            {"in": "header", "name": "Accept", "value": "fixed"},
            {"in": "query", "name": "key", "value": "{account}"},
        ],
    )
    assert request.headers == {**REQUEST.headers, "accept": "fixed", "x-auth": "Token t0ken; v=AC 1&2"}
    assert request.url == "https://api.example/x?a=1&key=AC%201%262"


def test_every_place_scheme_and_encoding() -> None:
    request = placed(
        AuthType.CUSTOM,
        credential(login="ada", token="t0ken"),
        credential_placement=[
            {"in": "header", "name": "Authorization", "value": "{token}", "scheme": "Token"},
            {"in": "header", "name": "X-Basic", "value": "{login}/token:{token}", "encoding": "base64"},
            {"in": "query", "name": "b", "value": "{login}", "scheme": "is"},
            {"in": "cookie", "name": "sid", "value": "{token}"},
            {"in": "body", "name": "auth", "value": "{token}"},
        ],
    )
    assert request.headers == {
        "accept": "a/b",
        "content-type": "application/json",
        "authorization": "Token t0ken",
        "x-basic": "YWRhL3Rva2VuOnQwa2Vu",
        "cookie": "sid=t0ken",
    }
    assert request.url == "https://api.example/x?a=1&key=callers&b=is%20ada"
    assert request.body == b'{"auth":"t0ken"}'


@pytest.mark.parametrize(
    ("config", "value"),
    [
        ({"site": "eu", "token": "of the config"}, "eu t0ken"),
        ({"site": 7}, "7 t0ken"),
        ({"site": True}, "true t0ken"),
    ],
)
def test_templates_take_members_and_then_the_config(config: dict[str, JsonValue], value: str) -> None:
    place = {"in": "header", "name": "X", "value": "{site} {token}"}
    integration = an_integration(auth_type=AuthType.BEARER, credential_placement=[place])
    assert authenticate(REQUEST, integration, credential(token="t0ken"), config=config).headers["x"] == value


@pytest.mark.parametrize("config", [{}, {"site": ""}, {"site": None}, {"site": ["eu"]}, {"site": {}}])
def test_what_neither_has_is_said_by_name(config: dict[str, JsonValue]) -> None:
    integration = an_integration(
        auth_type=AuthType.BEARER, credential_placement=[{"in": "header", "name": "X", "value": "{site}"}]
    )
    with pytest.raises(InvalidIntegrationConfig, match="'acme': the connection has no `site`"):
        authenticate(REQUEST, integration, credential(token="t"), config=config)


def test_what_may_be_absent_is_left_out() -> None:
    places = [
        {"in": "header", "name": "X-Token", "value": "{token}"},
        {"in": "header", "name": "X-Otp", "value": "{otp}"},
        {"in": "header", "name": "X-Site", "value": "{site}"},
    ]
    row: dict[str, Any] = {
        "credential_fields": ["token", {"name": "otp", "required": False}],
        "config_schema": {"properties": {"site": {}, "zone": {}}, "required": ["zone"]},
    }
    integration = an_integration(auth_type=AuthType.CUSTOM, credential_placement=places, **row)
    base = dict(REQUEST.headers)
    assert authenticate(REQUEST, integration, credential(token="t")).headers == base | {"x-token": "t"}
    full = authenticate(REQUEST, integration, credential(token="t", otp="o"), config={"site": "s"}).headers
    assert full == base | {"x-token": "t", "x-otp": "o", "x-site": "s"}
    needed = an_integration(
        auth_type=AuthType.CUSTOM,
        credential_placement=[{"in": "query", "name": "z", "value": "{zone}"}],
        **row,
    )
    with pytest.raises(InvalidIntegrationConfig, match="`zone`"):
        authenticate(REQUEST, needed, credential(token="t"))


def test_a_login_gives_a_token_like_any_other() -> None:
    login = {"url": "https://api.example/login"}
    request = placed(AuthType.CUSTOM, credential(access_token="t"), login=login, credential_fields=["pin"])
    assert request.headers["authorization"] == "Bearer t"


NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
PLACES = [
    {"in": "header", "name": "X-Amz-Target", "value": "{target}"},
    {"in": "query", "name": "k", "value": "v"},
]


def test_oauth1_signs_by_the_row_what_is_placed_too() -> None:
    integration = an_integration(
        auth_type=AuthType.OAUTH1,
        oauth1={"signature_method": "HMAC-SHA256", "realm": "{account}_SB"},
        credential_placement=PLACES[1:],
    )
    held = credential(consumer_key="ck", consumer_secret="cs", access_token="tk", token_secret="ts")
    request = authenticate(REQUEST, integration, held, config={"account": "12"}, now=lambda: NOW)
    header = request.headers["authorization"]
    assert header.startswith('OAuth realm="12_SB",')
    said = dict(re.findall(r'(\w+)="([^"]*)"', header))
    assert said["oauth_consumer_key"] == "ck"
    assert said["oauth_token"] == "tk"
    assert said["oauth_timestamp"] == str(int(NOW.timestamp()))
    credentials = OAuth1Credentials("ck", "cs", "tk", "ts")
    again = sign_oauth1(
        OutgoingRequest("POST", "https://api.example/x?a=1&key=callers&k=v", REQUEST.headers, REQUEST.body),
        credentials,
        signature_method="HMAC-SHA256",
        realm="12_SB",
        nonce=lambda: said["oauth_nonce"],
        timestamp=NOW.timestamp,
    )
    assert request == again


def test_aws_signs_by_the_row_what_is_placed_too() -> None:
    integration = an_integration(
        auth_type=AuthType.AWS_SIGV4,
        aws_sigv4={"service": "{service}", "region": "{region}"},
        credential_placement=PLACES,
    )
    held = credential(access_key_id="AK", secret_access_key="sk", session_token="st", target="T")
    config: dict[str, JsonValue] = {"region": "eu-west-1", "service": "kinesis"}
    request = authenticate(REQUEST, integration, held, config=config, now=lambda: NOW)
    again = sign_aws_sigv4(
        OutgoingRequest(
            "POST",
            "https://api.example/x?a=1&key=callers&k=v",
            {**REQUEST.headers, "x-amz-target": "T"},
            REQUEST.body,
        ),
        AwsCredentials("AK", "sk", "st"),
        service="kinesis",
        region="eu-west-1",
        now=NOW,
    )
    assert request == again
    assert "x-amz-security-token;x-amz-target" in request.headers["authorization"]


def test_a_caller_cannot_send_a_credential_of_their_own_beside_it() -> None:
    sent = OutgoingRequest(
        "GET", "https://api.example/x?k%65y=1&key=2&key&b=3", {"authorization": "Bearer mine"}
    )
    placement = [{"in": "query", "name": "key", "value": "{api_key}"}]
    integration = an_integration(auth_type=AuthType.API_KEY, credential_placement=placement)
    assert authenticate(sent, integration, credential(api_key="K")).url == "https://api.example/x?b=3&key=K"
    bearer = authenticate(sent, an_integration(auth_type=AuthType.BEARER), credential(token="ours"))
    assert bearer.headers == {"authorization": "Bearer ours"}


@given(value=st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_a_value_stays_in_its_place(value: str) -> None:
    request = placed(
        AuthType.API_KEY,
        credential(api_key=value),
        credential_placement=[{"in": "query", "name": "k&", "value": "{api_key}"}],
    )
    assert origin_of(request.url) == "https://api.example:443"
    assert parse_qsl(urlsplit(request.url).query) == [("a", "1"), ("key", "callers"), ("k&", value)]


@given(
    value=st.text(st.characters(codec="utf-8"), max_size=10),
    character=st.sampled_from("\r\n\x00\x1b\x7f\x85"),
    auth_type=st.sampled_from([AuthType.BEARER, AuthType.API_KEY]),
)
def test_a_header_is_never_broken(value: str, character: str, auth_type: AuthType) -> None:
    held = credential(token=f"a{value}{character}b", api_key=f"a{value}{character}b")
    assert refused(auth_type, held).endswith(
        "the connection's credential has a control character, such as a line break."
    )


@pytest.mark.parametrize(
    ("auth_type", "held", "auth_config", "what"),
    [
        (AuthType.BEARER, None, {}, "access_token"),
        (AuthType.OAUTH2, credential(api_key="x"), {}, "access_token"),
        (AuthType.API_KEY, credential(api_key=""), {}, "api_key"),
        (AuthType.BASIC, credential(password="x"), {}, "username"),
        (AuthType.BASIC, credential(username="a:b", password="x"), {}, "colon"),
        (AuthType.OAUTH1, credential(token="x"), {}, "consumer_key"),
        (AuthType.AWS_SIGV4, credential(token="x"), {}, "aws_sigv4"),
        (AuthType.AWS_SIGV4, credential(token="x"), {"aws_sigv4": {"service": "s"}}, "access_key_id"),
        (
            AuthType.AWS_SIGV4,
            credential(access_key_id="a", secret_access_key="b"),
            {"aws_sigv4": {"service": "s"}},
            "region",
        ),
        (AuthType.OAUTH1, credential(consumer_key="x"), {"oauth1": {"realm": "{account}"}}, "account"),
        (AuthType.CUSTOM, credential(token="x"), {}, "custom"),
        (AuthType.API_KEY, credential(api_key="x"), {"credential_placement": {}}, "credential_placement"),
        (AuthType.API_KEY, credential(api_key="x"), {"credential_placement": []}, "credential_placement"),
        (
            AuthType.API_KEY,
            credential(api_key="x"),
            {"credential_placement": ["x"]},
            r"credential_placement[0]",
        ),
        (
            AuthType.API_KEY,
            credential(api_key="x"),
            {"credential_placement": [{"in": "trunk", "name": "x", "value": "y"}]},
            "credential_placement[0].in",
        ),
        (
            AuthType.API_KEY,
            credential(api_key="x"),
            {"credential_placement": [{"in": "header", "value": "y"}]},
            "credential_placement[0]",
        ),
        (
            AuthType.API_KEY,
            credential(api_key="x"),
            {"credential_placement": [{"in": "header", "name": "Host", "value": "{api_key}"}]},
            "host",
        ),
        (
            AuthType.API_KEY,
            credential(api_key="x"),
            {"credential_placement": [{"in": "header", "name": "X", "value": "{missing}"}]},
            "missing",
        ),
        (
            AuthType.API_KEY,
            credential(api_key="\ud800"),
            {"credential_placement": [{"in": "query", "name": "x", "value": "{api_key}"}]},
            "Unicode",
        ),
    ],
)
def test_what_is_broken_is_said(
    auth_type: AuthType, held: Credential | None, auth_config: dict[str, Any], what: str
) -> None:
    assert what in refused(auth_type, held, **auth_config)


@given(
    username=st.from_regex(r"[A-Za-z0-9@.]{6,20}", fullmatch=True),
    password=st.text(st.characters(min_codepoint=33, max_codepoint=0x24F), min_size=6, max_size=20),
)
def test_what_was_sent_can_be_masked_in_every_form(username: str, password: str) -> None:
    held = credential(username=username, password=password)
    basic = placed(AuthType.BASIC, held).headers["authorization"].removeprefix("Basic ")
    query = [{"in": "query", "name": "p", "value": "{password}"}]
    url = placed(AuthType.BASIC, held, credential_placement=query).url
    echo: list[JsonValue] = [
        f"authorization: Basic {basic}",
        basic.rstrip("="),
        f"GET {url}",
        password,
        {"sent": {password: password}},
    ]
    text = json.dumps(redact({"echo": echo}, secrets=secrets_of(held)), ensure_ascii=False)
    text = text.replace(REDACTED, "")
    assert basic.rstrip("=") not in text
    assert password not in text
    assert quote(password, safe="") not in text


@given(api_key=st.text(st.characters(min_codepoint=33, max_codepoint=0x24F), min_size=6, max_size=20))
def test_what_is_sent_in_base64_is_masked(api_key: str) -> None:
    held, config = credential(api_key=api_key), {"account": "acme"}
    place = {"in": "header", "name": "Authorization", "scheme": "Basic", "encoding": "base64"}
    integration = an_integration(
        auth_type=AuthType.API_KEY, credential_placement=[place | {"value": "{account}/{api_key}:"}]
    )
    sent = authenticate(REQUEST, integration, held, config=config).headers["authorization"]
    encoded = base64.b64encode(f"acme/{api_key}:".encode()).decode()
    assert sent == f"Basic {encoded}"
    for echo in (sent, encoded.rstrip("=")):
        masked = str(redact({"echo": echo}, secrets=secrets_of(held, integration, config)))
        assert encoded.rstrip("=") not in masked


def test_what_plaintext_signatures_hold_is_masked() -> None:
    held = credential(
        consumer_key="key", consumer_secret="one&secret", token="t0ken123", token_secret="two/secret"
    )
    integration = an_integration(auth_type=AuthType.OAUTH1, oauth1={"signature_method": "PLAINTEXT"})
    sent = authenticate(REQUEST, integration, held).headers["authorization"]
    assert "one%2526secret%26two%252Fsecret" in sent
    masked = str(redact({"echo": sent}, secrets=secrets_of(held, integration)))
    assert "one" not in masked
    assert "two" not in masked


def test_no_credential_is_too_odd_to_be_masked() -> None:
    odd = credential(username="a:b", password="secret", api_key="\ud800")
    encoded = base64.b64encode(b"a:b:secret").decode().rstrip("=")
    assert encoded in secrets_of(
        odd, an_integration(auth_type=AuthType.OAUTH1, oauth1={"signature_method": "PLAINTEXT"})
    )
    broken = an_integration(auth_type=AuthType.API_KEY, credential_placement=5)
    assert secrets_of(credential(api_key="k"), broken) == ["k"]
    lacking = [{"in": "header", "name": "X", "value": "{nothing}", "encoding": "base64"}]
    assert secrets_of(credential(api_key="k"), an_integration(credential_placement=lacking)) == ["k"]


def test_there_is_nothing_to_mask_without_a_credential() -> None:
    assert secrets_of(None) == []
    assert secrets_of(credential(token="", api_key="k")) == ["k"]
