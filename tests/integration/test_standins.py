"""The stand-ins do what the tour and the end-to-end tests rely on."""

import base64
import hashlib
import json
import secrets
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from demo.browser import Browser, BrowserError
from demo.standins import CALLBACK, StandInError, StandIns

ADA, GRACE = "ada@example.com", "grace@example.com"
GMAIL = "https://www.googleapis.com/auth/gmail.send https://www.googleapis.com/auth/gmail.readonly"
DRIVE = "https://www.googleapis.com/auth/drive.file"
SHEETS = "https://www.googleapis.com/auth/spreadsheets"
ALL = f"{GMAIL} {DRIVE} {SHEETS}"

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def call(
    method: str,
    url: str,
    token: str | None = None,
    *,
    json_body: object = None,
    data: bytes = b"",
    kind: str = "",
) -> Answer:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if json_body is not None:
        data, kind = json.dumps(json_body).encode(), "application/json"
    if kind:
        headers["Content-Type"] = kind
    request = urllib.request.Request(url, method=method, headers=headers, data=data or None)
    try:
        with _opener.open(request, timeout=30) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


@pytest.fixture(scope="module")
def standins() -> Iterator[StandIns]:
    with StandIns() as running:
        yield running


@pytest.fixture(autouse=True)
def healed(standins: StandIns) -> Iterator[None]:
    yield
    standins.heal()
    standins.set_access_token_lifetime(3600)


def authorization_request(standins: StandIns, verifier: str, **changes: str | None) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": standins.credentials.client_id,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": ALL,
        "state": "a-state",
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    } | changes
    given = {name: value for name, value in query.items() if value is not None}
    return f"{standins.addresses.authorization_url}?{urllib.parse.urlencode(given)}"


def returned(url: str) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def token_request(standins: StandIns, **form: str) -> Answer:
    client = {
        "client_id": standins.credentials.client_id,
        "client_secret": standins.credentials.client_secret,
    }
    data = urllib.parse.urlencode(client | form).encode()
    return call("POST", standins.addresses.token_url, data=data, kind="application/x-www-form-urlencoded")


def connect(standins: StandIns, account: str = ADA, **changes: str | None) -> dict[str, Any]:
    """The tokens of a whole authorization code flow."""
    verifier = secrets.token_urlsafe(48)
    back = Browser().authorize(authorization_request(standins, verifier, **changes), account)
    code = returned(back)["code"]
    redirect_uri = changes.get("redirect_uri") or CALLBACK
    answer = token_request(
        standins,
        grant_type="authorization_code",
        code=code,
        redirect_uri=redirect_uri,
        code_verifier=verifier,
    )
    assert answer.status == 200, answer.body
    tokens: dict[str, Any] = answer.json
    return tokens


def refresh(standins: StandIns, refresh_token: str) -> Answer:
    return token_request(standins, grant_type="refresh_token", refresh_token=refresh_token)


def profile(standins: StandIns, token: str) -> Answer:
    return call("GET", f"{standins.addresses.gmail_base_url}/gmail/v1/users/me/messages", token)


# The authorization server.


def test_the_redirect_comes_back_with_code_state_and_issuer(standins: StandIns) -> None:
    back = Browser().authorize(authorization_request(standins, secrets.token_urlsafe(48)), ADA)
    assert back.startswith(f"{CALLBACK}?")
    assert returned(back)["state"] == "a-state"
    assert returned(back)["iss"] == standins.addresses.issuer


def test_the_gateway_may_listen_on_any_loopback_port(standins: StandIns) -> None:
    assert connect(standins, redirect_uri="http://127.0.0.1:9/api/v2/oauth/callback")["access_token"]


def test_a_person_can_deny(standins: StandIns) -> None:
    back = Browser().authorize(authorization_request(standins, "v" * 43), ADA, deny=True)
    assert returned(back)["error"] == "access_denied"


def test_pkce_is_required(standins: StandIns) -> None:
    url = authorization_request(standins, "v" * 43, code_challenge=None, code_challenge_method=None)
    assert returned(Browser().authorize(url))["error"] == "invalid_request"


def test_another_redirect_uri_is_refused_on_the_spot(standins: StandIns) -> None:
    url = authorization_request(standins, "v" * 43, redirect_uri="http://127.0.0.1/elsewhere")
    with pytest.raises(BrowserError, match="redirect_uri"):
        Browser().authorize(url, ADA)


def test_a_wrong_verifier_or_client_secret_gets_no_token(standins: StandIns) -> None:
    back = Browser().authorize(authorization_request(standins, secrets.token_urlsafe(48)), ADA)
    form = {"grant_type": "authorization_code", "code": returned(back)["code"], "redirect_uri": CALLBACK}
    assert token_request(standins, **form, code_verifier="w" * 43).json["error"] == "invalid_grant"
    assert token_request(standins, **form, client_secret="wrong").json["error"] == "invalid_client"


def test_only_offline_access_gets_a_refresh_token(standins: StandIns) -> None:
    assert "refresh_token" not in connect(standins, access_type=None)
    assert "refresh_token" in connect(standins)


def test_an_access_token_expires(standins: StandIns) -> None:
    standins.set_access_token_lifetime(1)
    tokens = connect(standins)
    assert tokens["expires_in"] == 1
    assert profile(standins, tokens["access_token"]).status == 200
    time.sleep(1.1)
    expired = profile(standins, tokens["access_token"])
    assert expired.status == 401
    assert expired.json["error"]["status"] == "UNAUTHENTICATED"
    assert 'error="invalid_token"' in expired.headers["WWW-Authenticate"]


def test_refresh_tokens_rotate_and_reuse_revokes_the_family(standins: StandIns) -> None:
    first = connect(standins)
    mark = standins.events()[-1]["id"]
    second = refresh(standins, first["refresh_token"]).json
    assert second["refresh_token"] != first["refresh_token"]
    assert profile(standins, second["access_token"]).status == 200

    again = refresh(standins, first["refresh_token"])
    assert (again.status, again.json["error"]) == (400, "invalid_grant")
    assert refresh(standins, second["refresh_token"]).json["error"] == "invalid_grant"
    assert profile(standins, second["access_token"]).status == 401

    types = [event["type"] for event in standins.events(after=mark)]
    assert types.count("token.requested") == 3
    assert types.count("grant.success") == 1
    assert types.count("grant.revoked") == 1
    assert types.count("grant.error") == 2


def test_revocation_ends_the_grant(standins: StandIns) -> None:
    tokens = connect(standins)
    client = {
        "client_id": standins.credentials.client_id,
        "client_secret": standins.credentials.client_secret,
    }
    data = urllib.parse.urlencode(client | {"token": tokens["refresh_token"]}).encode()
    url, kind = standins.addresses.revocation_url, "application/x-www-form-urlencoded"
    assert call("POST", url, data=data, kind=kind).status == 200
    assert profile(standins, tokens["access_token"]).status == 401
    assert refresh(standins, tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_access_tokens_can_be_made_worthless_while_the_grant_lives(standins: StandIns) -> None:
    ada, grace = connect(standins), connect(standins, GRACE)
    assert standins.invalidate_access_tokens(ADA) >= 1
    assert profile(standins, ada["access_token"]).status == 401
    assert profile(standins, grace["access_token"]).status == 200
    assert profile(standins, refresh(standins, ada["refresh_token"]).json["access_token"]).status == 200


def test_an_account_can_take_its_grants_back(standins: StandIns) -> None:
    ada, grace = connect(standins), connect(standins, GRACE)
    assert standins.revoke_grants(ADA) >= 1
    assert refresh(standins, ada["refresh_token"]).json["error"] == "invalid_grant"
    assert refresh(standins, grace["refresh_token"]).status == 200


def test_the_token_endpoint_can_fail_and_recover(standins: StandIns) -> None:
    token = connect(standins)["refresh_token"]
    before = standins.counters()["token_requests:refresh_token"]
    standins.fail("token", status=500, times=2)
    assert [refresh(standins, token).status for _ in range(3)] == [500, 500, 200]
    assert standins.counters()["token_requests:refresh_token"] == before + 3


def test_the_token_endpoint_can_be_slow(standins: StandIns) -> None:
    token = connect(standins)["refresh_token"]
    standins.fail("token", delay_seconds=0.4)
    start = time.monotonic()
    assert refresh(standins, token).status == 200
    assert time.monotonic() - start >= 0.4


def test_a_token_answer_can_be_lost_after_the_rotation(standins: StandIns) -> None:
    token = connect(standins)["refresh_token"]
    standins.fail("token", drop=True, when="after")
    with pytest.raises((ConnectionError, urllib.error.URLError)):
        refresh(standins, token)
    assert refresh(standins, token).json["error"] == "invalid_grant"


# The services behind their guards.


def test_gmail_keeps_a_mail_with_its_attachment(standins: StandIns) -> None:
    token = connect(standins)["access_token"]
    content = secrets.token_bytes(5000)
    mail = EmailMessage(policy=policy.SMTP)
    mail["To"], mail["Subject"] = "Zoë <zoe@example.com>", "Grüße 你好"
    mail.set_content("plain text")
    mail.add_alternative("<p>HTML text</p>", subtype="html")
    mail.add_attachment(content, maintype="application", subtype="pdf", filename="report.pdf")
    raw = base64.urlsafe_b64encode(mail.as_bytes()).decode()

    base = f"{standins.addresses.gmail_base_url}/gmail/v1/users/me/messages"
    sent = call("POST", f"{base}/send", token, json_body={"raw": raw})
    assert (sent.status, sent.json["labelIds"]) == (200, ["SENT"])

    full = call("GET", f"{base}/{sent.json['id']}?format=full", token).json
    part = next(part for part in full["payload"]["parts"] if part["filename"] == "report.pdf")
    data = call("GET", f"{base}/{full['id']}/attachments/{part['body']['attachmentId']}", token).json["data"]
    assert base64.urlsafe_b64decode(data + "==") == content

    kept = call("GET", f"{base}/{full['id']}?format=raw", token).json["raw"]
    parsed = message_from_bytes(base64.urlsafe_b64decode(kept), policy=policy.default)
    assert parsed["Subject"] == "Grüße 你好"


def test_accounts_see_their_own_mail_only(standins: StandIns) -> None:
    ada, grace = connect(standins)["access_token"], connect(standins, GRACE)["access_token"]
    base = f"{standins.addresses.gmail_base_url}/gmail/v1/users/me/messages"
    raw = base64.urlsafe_b64encode(b"To: a@example.com\r\nSubject: s\r\n\r\ntext").decode()
    message = call("POST", f"{base}/send", ada, json_body={"raw": raw}).json["id"]
    assert call("GET", f"{base}/{message}", grace).status == 404


def test_drive_keeps_an_upload_byte_for_byte(standins: StandIns) -> None:
    token = connect(standins)["access_token"]
    content = bytes(range(256)) * 20 + b"\r\n--not-the-boundary\r\n"
    metadata = json.dumps({"name": "Übersicht.bin", "mimeType": "application/octet-stream"}).encode()
    body = (
        b"--limit\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n" + metadata
        + b"\r\n--limit\r\nContent-Type: application/octet-stream\r\n\r\n" + content + b"\r\n--limit--\r\n"
    )  # fmt: skip
    base = standins.addresses.drive_base_url
    url = f"{base}/upload/drive/v3/files?uploadType=multipart"
    file = call("POST", url, token, data=body, kind="multipart/related; boundary=limit").json
    assert file["size"] == str(len(content))
    kept = call("GET", f"{base}/drive/v3/files/{file['id']}?alt=media", token)
    assert kept.body == content
    assert kept.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(("method", "suffix"), [("PUT", ""), ("POST", ":append")])
def test_sheets_takes_rows_and_refuses_a_flat_array(standins: StandIns, method: str, suffix: str) -> None:
    token = connect(standins)["access_token"]
    url = f"{standins.addresses.sheets_base_url}/v4/spreadsheets/abc/values/Sheet1%21A1%3AC1{suffix}"
    taken = call(method, f"{url}?valueInputOption=RAW", token, json_body={"values": [[1, "two", None]]})
    assert taken.status == 200
    assert taken.json.get("updates", taken.json)["updatedCells"] == 3
    bodies: tuple[object, ...] = ({"values": [1, 2, 3]}, {"values": [[{}]]}, {"rows": [[1]]})
    for refused in bodies:
        assert call(method, f"{url}?valueInputOption=RAW", token, json_body=refused).status == 422
    assert call(method, url, token, json_body={"values": [[1]]}).status == 422


def test_google_refuses_unknown_tokens_and_missing_scopes(standins: StandIns) -> None:
    assert profile(standins, "made-up").status == 401
    url = f"{standins.addresses.drive_base_url}/drive/v3/files"
    assert call("GET", url).status == 401
    answer = call("GET", url, connect(standins, scope=GMAIL)["access_token"])
    assert answer.status == 403
    assert answer.json["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


def test_slack_posts_with_the_bot_token_and_no_other(standins: StandIns) -> None:
    url = f"{standins.addresses.slack_base_url}/api/chat.postMessage"
    token = standins.credentials.slack_token
    message = {"channel": "general", "text": "from the tests ✓"}
    posted = call("POST", url, token, json_body=message).json
    assert posted["ok"]
    assert posted["message"]["text"] == message["text"]
    history = f"{standins.addresses.slack_base_url}/api/conversations.history"
    texts = [
        each["text"]
        for each in call("POST", history, token, json_body={"channel": posted["channel"]}).json["messages"]
    ]
    assert message["text"] in texts
    assert call("POST", url, "xoxb-unknown", json_body=message).json == {"ok": False, "error": "invalid_auth"}
    assert call("POST", url, token, json_body={"channel": "none"}).json["error"]


def test_slack_connects_by_redirect(standins: StandIns) -> None:
    addresses, secret = standins.addresses, standins.credentials
    query = {
        "client_id": secret.slack_client_id,
        "redirect_uri": CALLBACK,
        "scope": "chat:write",
        "state": "s",
    }
    back = returned(
        Browser().authorize(f"{addresses.slack_authorization_url}?{urllib.parse.urlencode(query)}")
    )
    form = {"code": back["code"], "redirect_uri": CALLBACK, "client_id": secret.slack_client_id}
    data = urllib.parse.urlencode(form | {"client_secret": secret.slack_client_secret}).encode()
    answer = call("POST", addresses.slack_token_url, data=data, kind="application/x-www-form-urlencoded").json
    assert (back["state"], answer["ok"], answer["scope"]) == ("s", True, "chat:write")
    url = f"{addresses.slack_base_url}/api/chat.postMessage"
    assert call("POST", url, answer["access_token"], json_body={"channel": "general", "text": "x"}).json["ok"]


def test_requests_are_recorded_without_credentials(standins: StandIns) -> None:
    tokens = connect(standins)
    mark = (standins.requests() or [{"id": 0}])[-1]["id"]
    url = f"{standins.addresses.sheets_base_url}/v4/spreadsheets/s/values/A1?valueInputOption=RAW"
    call("PUT", url, tokens["access_token"], json_body={"values": [[1]]})
    profile(standins, "made-up")
    recorded = standins.requests(after=mark)
    assert [(each["service"], each["status"], each["account"]) for each in recorded] == [
        ("sheets", 200, ADA), ("gmail", 401, None),
    ]  # fmt: skip
    assert recorded[0]["json"] == {"values": [[1]]}
    assert standins.requests("gmail", after=mark) == recorded[1:]
    everything = json.dumps([standins.requests(), standins.events()])
    for secret in (tokens["access_token"], tokens["refresh_token"], standins.credentials.slack_token):
        assert secret not in everything


def test_a_service_can_fail_too(standins: StandIns) -> None:
    token = connect(standins)["access_token"]
    standins.fail("gmail", status=429, headers={"Retry-After": "7"}, body={"error": {"code": 429}})
    refused = profile(standins, token)
    assert (refused.status, refused.headers["Retry-After"], refused.json) == (
        429,
        "7",
        {"error": {"code": 429}},
    )
    assert profile(standins, token).status == 200


# Their life.


def test_they_listen_on_loopback_only(standins: StandIns) -> None:
    ports = {
        urllib.parse.urlsplit(getattr(standins.addresses, name)).port for name in standins.addresses.__slots__
    }
    assert standins._process is not None
    listening = listening_addresses(standins._process.pid)
    assert ports <= {port for _, port in listening}
    assert {address for address, _ in listening} == {"0100007F"}


def listening_addresses(pid: int) -> set[tuple[str, int]]:
    """The address (in the kernel's hexadecimal) and port of every TCP socket that `pid` listens on."""
    found = subprocess.run(
        ["ls", "-l", f"/proc/{pid}/fd"], capture_output=True, text=True, check=False
    ).stdout
    result = set()
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}", encoding="ascii") as lines:  # noqa: PTH123
            for line in list(lines)[1:]:
                columns = line.split()
                if columns[3] == "0A" and f"socket:[{columns[9]}]" in found:
                    address, port = columns[1].split(":")
                    result.add((address, int(port, 16)))
    return result


def test_they_end_with_the_context_and_on_errors() -> None:
    seen = []

    def fail_inside() -> None:
        with StandIns() as running:
            seen.append(running._process)
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert seen[0] is not None
    assert seen[0].poll() is not None


def test_they_end_when_their_standard_input_does() -> None:
    running = StandIns()
    running.start()
    try:
        process = running._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=10) == 0
    finally:
        running.stop()


def test_a_failed_start_shows_the_log() -> None:
    # An account that is no string: the servers fall over at once.
    running = StandIns(accounts=[None])  # type: ignore[list-item]
    with pytest.raises(StandInError, match=r"(?s)did not start.*TypeError"):
        running.start()
