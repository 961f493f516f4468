import base64
import json
import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.ports.http import OutgoingRequest
from portway.application.requests.files import UploadedFile
from portway.catalog.fixtures import HeldContent
from portway.catalog.gmail.delivery import MAX_FILES_BYTES, UPLOAD_FROM_BYTES, delivery
from portway.catalog.gmail.email_parameters import read_email
from portway.catalog.gmail.mime import compose
from portway.catalog.gmail.send_email import create_draft, send_email
from portway.domain.errors import InvalidParameters
from portway.domain.json_value import JsonValue
from tests.fakes.action_context import ANSWER
from tests.unit.catalog.contexts import shipped

PRINTABLE = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=200
)
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256))).decode()

SENDING = shipped("gmail", "send-email")


def held(request: OutgoingRequest) -> bytes:
    assert isinstance(request.body, bytes)
    return request.body


def raw_message(**parameters: Any) -> bytes:
    request = delivery(SENDING, compose(read_email(parameters)))
    assert (request.method, request.url) == (
        "POST",
        "https://gmail.googleapis.com/gmail/v1/users/me/messages/send",
    )
    raw = json.loads(held(request))["raw"]
    assert re.fullmatch(r"[A-Za-z0-9_-]+", raw)
    return base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))


def parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def mail(**parameters: Any) -> EmailMessage:
    return parsed(raw_message(**{"to": ["ada@example.com"], **parameters}))


def refused(**parameters: Any) -> list[str]:
    with pytest.raises(InvalidParameters) as error:
        raw_message(**{"to": ["ada@example.com"], "text": "x", **parameters})
    return [fault.pointer for fault in error.value.faults]


def mailboxes(content: bytes, name: str) -> list[tuple[str, str]]:
    """Read by the older half of `email`: the newer puts spaces between the encoded words of a name."""
    header = message_from_bytes(content, policy=compat32)[name]
    pairs = getaddresses([str(header).replace("\r\n", "").replace("\n", "")])
    return [(str(make_header(decode_header(person))) if person else "", address) for person, address in pairs]


def lines_of(part: EmailMessage) -> list[str]:
    return re.split("\r\n|\r|\n", part.get_content())


def is_wire_format(content: bytes) -> bool:
    """Lines end in CRLF and are at most 998 long; headers are ASCII."""
    lines = content.split(b"\r\n")
    head = content.split(b"\r\n\r\n")[0]
    return (
        all(len(line) <= 998 and b"\n" not in line and b"\r" not in line for line in lines) and head.isascii()
    )


# The whole


async def test_it_is_sent_through_the_context() -> None:
    context = shipped("gmail", "send-email")
    assert await send_email(context, {"to": "ada@example.com", "text": "Hi", "thread_id": "18c1"}) is ANSWER
    [request] = context.requests
    assert request.headers == {"accept": "application/json", "content-type": "application/json"}
    assert set(json.loads(held(request))) == {"raw", "threadId"}
    assert json.loads(held(request))["threadId"] == "18c1"


def test_a_complete_message() -> None:
    content = raw_message(
        **{"from": "Ada <ada@example.com>"},
        to=["Zoë Müller <zoe@example.com>", "bob@example.com"],
        cc=["Doe, Jane <jane@example.com>"],
        bcc="hidden@example.com",
        reply_to=["office@example.com"],
        subject="Monatsübersicht · 月報 📈",
        text="Grüße\nmit Zeilen",
        html='<p>Grüße <img src="cid:logo@acme"></p>',
        attachments=[
            {"filename": "Bericht für März.pdf", "content_base64": "JVBERi0="},
            {"filename": "logo.png", "content_base64": PNG, "content_id": "logo@acme"},
            {"filename": "numbers", "content_type": "text/csv", "content_base64": "YSxi"},
        ],
        in_reply_to="<2@example.com>",
        references=["<1@example.com>", "2@example.com"],
    )
    assert is_wire_format(content)
    message = parsed(content)
    assert mailboxes(content, "From") == [("Ada", "ada@example.com")]
    assert mailboxes(content, "To") == [("Zoë Müller", "zoe@example.com"), ("", "bob@example.com")]
    assert mailboxes(content, "Cc") == [("Doe, Jane", "jane@example.com")]
    assert mailboxes(content, "Bcc") == [("", "hidden@example.com")]
    assert mailboxes(content, "Reply-To") == [("", "office@example.com")]
    assert message["Subject"] == "Monatsübersicht · 月報 📈"
    assert message["In-Reply-To"] == "<2@example.com>"
    assert message["References"] == "<1@example.com> <2@example.com>"
    assert message["MIME-Version"] == "1.0"
    assert "Date" not in message
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
        "text/csv",
    ]
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert lines_of(plain) == ["Grüße", "mit Zeilen", ""]
    assert "Grüße" in html.get_content()
    image = next(part for part in message.walk() if part.get_content_type() == "image/png")
    assert image["Content-ID"] == "<logo@acme>"
    assert image.get_content_disposition() == "inline"
    assert image.get_payload(decode=True) == base64.b64decode(PNG)
    pdf, csv = message.iter_attachments()
    assert (pdf.get_filename(), pdf.get_payload(decode=True)) == ("Bericht für März.pdf", b"%PDF-")
    assert (csv.get_filename(), csv.get_payload(decode=True)) == ("numbers", b"a,b")


@pytest.mark.parametrize(
    ("parameters", "types"),
    [
        ({"text": "x"}, ["text/plain"]),
        ({"html": "<p>x</p>"}, ["text/html"]),
        ({}, ["text/plain"]),
        ({"text": "x", "html": "y"}, ["multipart/alternative", "text/plain", "text/html"]),
        (
            {"html": "y", "attachments": [{"filename": "a.png", "content_base64": PNG, "content_id": "a"}]},
            ["multipart/related", "text/html", "image/png"],
        ),
        (
            {
                "html": "y",
                "attachments": [
                    {"filename": "a.png", "content_base64": PNG, "content_id": "a"},
                    {"filename": "b.gif", "content_base64": PNG, "content_id": "b"},
                    {"filename": "c", "content_base64": ""},
                ],
            },
            [
                "multipart/mixed",
                "multipart/related",
                "text/html",
                "image/png",
                "image/gif",
                "application/octet-stream",
            ],
        ),
    ],
)
def test_the_structure_is_what_it_needs_to_be(parameters: dict[str, Any], types: list[str]) -> None:
    assert [part.get_content_type() for part in mail(**parameters).walk()] == types


# Round trips


@given(subject=PRINTABLE)
def test_any_subject_arrives(subject: str) -> None:
    content = raw_message(to="ada@example.com", subject=subject)
    assert is_wire_format(content)
    assert max(map(len, content.split(b"\r\n\r\n")[0].split(b"\r\n"))) <= 600
    assert parsed(content)["Subject"] == subject


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?q?looks_encoded?=",
        " leading and trailing ",
        "two  spaces",
        "x" * 2000,
        "word " * 300 + "end",
        "ü" * 500,
        "👩‍👩‍👧‍👦" * 40,
        "مرحبا بالعالم",
        "a" * 74 + " " + "b" * 74,
    ],
)
def test_awkward_subjects_arrive(subject: str) -> None:
    content = raw_message(to="ada@example.com", subject=subject)
    assert is_wire_format(content)
    assert parsed(content)["Subject"] == subject


@given(name=PRINTABLE, other=PRINTABLE)
def test_any_name_arrives(name: str, other: str) -> None:
    written = [
        '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '" <a@example.com>' for text in (name, other)
    ]
    content = raw_message(to=[*written, "plain@example.com"])
    assert is_wire_format(content)
    assert mailboxes(content, "To") == [
        (name, "a@example.com"),
        (other, "a@example.com"),
        ("", "plain@example.com"),
    ]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Müller, Hans <a@example.com>", "Müller, Hans"),
        ("Doe, Jane <a@example.com>", "Doe, Jane"),
        ('"Doe, \\"J\\"" <a@example.com>', 'Doe, "J"'),
        ("O'Brien (Sales) <a@example.com>", "O'Brien (Sales)"),
        ("a@b; c <a@example.com>", "a@b; c"),
        ("<a@example.com>", ""),
        ("  a@example.com ", ""),
        ("日本語" * 40 + " <a@example.com>", "日本語" * 40),
        ("x" * 300 + " <a@example.com>", "x" * 300),
    ],
)
def test_names_as_people_write_them(written: str, name: str) -> None:
    assert mailboxes(raw_message(to=written), "To") == [(name, "a@example.com")]


@given(text=st.text(st.characters(codec="utf-8"), max_size=400))
def test_any_text_arrives(text: str) -> None:
    content = raw_message(to="ada@example.com", text=text, html=f"<pre>{text}</pre>")
    assert is_wire_format(content)
    body = parsed(content).get_body(("plain",))
    assert isinstance(body, EmailMessage)
    lines = re.split("\r\n|\r|\n", text)
    assert lines_of(body)[: len(lines)] == lines


def test_long_lines_arrive() -> None:
    content = raw_message(to="ada@example.com", text="x" * 5000 + "\n" + "ü" * 5000)
    assert is_wire_format(content)
    assert lines_of(parsed(content)) == ["x" * 5000, "ü" * 5000, ""]


@given(content=st.binary(max_size=300), filename=PRINTABLE)
def test_any_file_arrives(content: bytes, filename: str) -> None:
    attachment = {"filename": filename, "content_base64": base64.b64encode(content).decode()}
    message = raw_message(to="ada@example.com", text="x", attachments=[attachment])
    assert is_wire_format(message)
    [part] = parsed(message).iter_attachments()
    assert part.get_payload(decode=True) == content
    assert str(part.get_filename()).strip() == filename.strip()


def test_many_recipients_and_long_message_ids_are_folded() -> None:
    people = [f"Person Number {number} <person{number}@example.com>" for number in range(200)]
    ids = [f"<{'A' * 150}.{number}@mail.example>" for number in range(30)]
    content = raw_message(to=people, in_reply_to=ids[-1], references=ids)
    assert is_wire_format(content)
    message = parsed(content)
    assert len(mailboxes(content, "To")) == 200
    assert re.sub(r"\r\n", "", message["References"]).split() == ids
    assert f"In-Reply-To: {ids[-1]}\r\n".encode() in content


def test_a_reply_refers_to_what_it_answers() -> None:
    assert mail(in_reply_to="1@example.com")["References"] == "<1@example.com>"


def test_international_addresses() -> None:
    assert mailboxes(raw_message(to="zoe@bücher.example"), "To") == [("", "zoe@xn--bcher-kva.example")]
    content = raw_message(to="用户@例え.example")
    assert "用户@xn--r8jz45g.example".encode() in content


# Injection and refusal


@pytest.mark.parametrize(
    "character", ["\r", "\n", "\r\n", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\ud800"]
)
@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"subject": "a{}Bcc: evil@example.com"}, "/parameters/subject"),
        ({"to": ["ada@example.com", "A{}Bcc: x <a@example.com>"]}, "/parameters/to/1"),
        ({"to": "a{}@example.com"}, "/parameters/to"),
        ({"cc": ["a@example.com{}Bcc: evil@example.com"]}, "/parameters/cc/0"),
        ({"bcc": ["a@example.com{}X"]}, "/parameters/bcc/0"),
        ({"reply_to": ["{}a@example.com"]}, "/parameters/reply_to/0"),
        ({"from": "A{}B <a@example.com>"}, "/parameters/from"),
        ({"in_reply_to": "<a{}@x>"}, "/parameters/in_reply_to"),
        ({"references": ["<a@x>", "<b{}@x>"]}, "/parameters/references/1"),
        (
            {"attachments": [{"filename": "a{}X: y", "content_base64": ""}]},
            "/parameters/attachments/0/filename",
        ),
        (
            {"attachments": [{"filename": "a", "content_base64": "", "content_type": "text/plain{}X: y"}]},
            "/parameters/attachments/0/content_type",
        ),
        (
            {"html": "x", "attachments": [{"filename": "a", "content_base64": "", "content_id": "a{}b"}]},
            "/parameters/attachments/0/content_id",
        ),
    ],
)
def test_no_field_can_add_a_header(parameters: dict[str, Any], pointer: str, character: str) -> None:
    text = json.dumps(parameters).replace("{}", json.dumps(character)[1:-1])
    assert refused(**json.loads(text)) == [pointer]


@pytest.mark.parametrize(
    ("parameters", "pointers"),
    [
        ({"to": []}, ["/parameters/to"]),
        ({"to": ["nobody", "a@b@c", "a b@example.com", "a@example.com, b@example.com", 5]},
         [f"/parameters/to/{index}" for index in range(5)]),
        ({"to": ["x <y>", "a@example.com <b@example.com"]}, ["/parameters/to/0", "/parameters/to/1"]),
        ({"subject": 5, "text": ["x"], "html": {}}, ["/parameters/subject", "/parameters/text", "/parameters/html"]),
        ({"text": "\ud800"}, ["/parameters/text"]),
        ({"in_reply_to": "not an id"}, ["/parameters/in_reply_to"]),
        ({"attachments": [{"filename": "a", "content_base64": "###"}, {"filename": "a"}, "x"]},
         ["/parameters/attachments/0/content_base64", "/parameters/attachments/1/content_base64",
          "/parameters/attachments/2"]),
        ({"attachments": [{"content_base64": ""}]}, ["/parameters/attachments/0/filename"]),
        ({"attachments": [{"filename": "a", "content_base64": "", "content_type": "multipart/mixed"}]},
         ["/parameters/attachments/0/content_type"]),
        ({"attachments": [{"filename": "a", "content_base64": "", "content_type": "text/plain; charset=x"}]},
         ["/parameters/attachments/0/content_type"]),
        ({"attachments": [{"filename": "a.png", "content_base64": "", "content_id": "a"}]}, ["/parameters/html"]),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_pointed_at(parameters: dict[str, Any], pointers: list[str]) -> None:
    assert sorted(refused(**parameters)) == sorted(pointers)


def test_a_forwarded_message_is_a_file() -> None:
    attachment = {"filename": "mail.eml", "content_base64": base64.b64encode(b"Subject: x\r\n\r\ny").decode()}
    [part] = mail(text="x", attachments=[attachment]).iter_attachments()
    assert part.get_content_type() == "application/octet-stream"


# Size


def large(**parameters: Any) -> dict[str, Any]:
    content = base64.b64encode(bytes(UPLOAD_FROM_BYTES)).decode()
    return {
        "to": "ada@example.com",
        "attachments": [{"filename": "a.bin", "content_base64": content}],
        **parameters,
    }


async def test_a_large_message_is_uploaded_as_it_is() -> None:
    context = shipped("gmail", "send-email")
    await send_email(context, large())
    [request] = context.requests
    assert request.url == (
        "https://gmail.googleapis.com/upload/gmail/v1/users/me/messages/send?uploadType=media"
    )
    assert request.headers == {"accept": "application/json", "content-type": "message/rfc822"}
    [part] = parsed(held(request)).iter_attachments()
    assert len(part.get_payload(decode=True)) == UPLOAD_FROM_BYTES


async def test_a_large_message_in_a_thread_says_which() -> None:
    context = shipped("gmail", "send-email")
    await send_email(context, large(thread_id="18c1"))
    [request] = context.requests
    assert request.url.endswith("/upload/gmail/v1/users/me/messages/send?uploadType=multipart")
    content_type = request.headers["content-type"].encode()
    related = parsed(b"Content-Type: " + content_type + b"\r\n\r\n" + (held(request)))
    metadata, message = related.iter_parts()
    assert json.loads(metadata.get_content()) == {"threadId": "18c1"}
    assert message.get_content_type() == "message/rfc822"


# Uploaded files


def uploaded(content: bytes, **members: Any) -> UploadedFile:
    file = UploadedFile("a.pdf", "application/pdf; charset=binary", HeldContent(content))
    file.update(members)
    return file


async def test_an_uploaded_file_is_attached() -> None:
    context = shipped("gmail", "send-email")
    files: list[JsonValue] = [uploaded(b"%PDF-"), {"filename": "b.txt", "base64": "SGVsbG8="}]
    await send_email(context, {"to": "ada@example.com", "text": "x", "attachments": files})
    [request] = context.requests
    raw = json.loads(held(request))["raw"]
    pdf, text = parsed(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))).iter_attachments()
    assert (pdf.get_filename(), pdf.get_content_type(), pdf.get_payload(decode=True)) == (
        "a.pdf",
        "application/pdf",
        b"%PDF-",
    )
    assert text.get_payload(decode=True) == b"Hello"


async def test_uploaded_files_that_no_message_could_hold_are_refused() -> None:
    files: list[JsonValue] = [
        uploaded(bytes(MAX_FILES_BYTES // 2)),
        uploaded(bytes(MAX_FILES_BYTES // 2 + 2)),
    ]
    with pytest.raises(InvalidParameters) as error:
        await send_email(shipped("gmail", "send-email"), {"to": "ada@example.com", "attachments": files})
    assert [fault.pointer for fault in error.value.faults] == ["/parameters/attachments"]


def test_what_only_looks_like_an_uploaded_file_is_refused() -> None:
    """Whoever says a size has not uploaded anything yet."""
    assert refused(attachments=[{"filename": "a", "size": 5}]) == ["/parameters/attachments/0/content_base64"]


# Drafts


async def test_a_draft_needs_no_recipients() -> None:
    context = shipped("gmail", "create-draft")
    assert await create_draft(context, {"subject": "Hi", "thread_id": "18c1"}) is ANSWER
    [request] = context.requests
    assert request.url == "https://gmail.googleapis.com/gmail/v1/users/me/drafts"
    body = json.loads(held(request))
    assert body["message"].keys() == {"raw", "threadId"}


async def test_a_large_draft_is_uploaded() -> None:
    context = shipped("gmail", "create-draft")
    await create_draft(context, large(thread_id="18c1"))
    [request] = context.requests
    assert request.url == (
        "https://gmail.googleapis.com/upload/gmail/v1/users/me/drafts?uploadType=multipart"
    )
    content_type = request.headers["content-type"].encode()
    related = parsed(b"Content-Type: " + content_type + b"\r\n\r\n" + held(request))
    metadata, _message = related.iter_parts()
    assert json.loads(metadata.get_content()) == {"message": {"threadId": "18c1"}}
