import base64
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portway.catalog.gmail.forward import forward
from portway.domain.errors import InvalidParameters, UpstreamInvalidResponse
from tests.fakes.http_client import json_answer
from tests.unit.catalog.contexts import shipped
from tests.unit.catalog.gmail_messages import body_of, raw_message, sent_message

PLAIN = """\
From: =?utf-8?q?Ad=C3=A4?= <ada@example.com>
Date: Tue, 1 Dec 2026 10:00:00 +0100
Subject: Hello
To: bob@example.com
Message-ID: <1@example.com>
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
"""


def with_files(html: str = '<img src="cid:logo@acme">') -> bytes:
    message = EmailMessage()
    message["Subject"] = "Fwd: Report"
    message["From"] = "ada@example.com"
    message.set_content("See <below>.")
    message.add_alternative(html, subtype="html")
    part = message.get_payload()[1]  # type: ignore[index]
    assert isinstance(part, EmailMessage)
    part.add_related(b"PNG", "image", "png", cid="<logo@acme>", filename="logo.png")
    message.add_attachment(b"PDF", "application", "pdf", filename="Bericht für März.pdf")
    inner = EmailMessage()
    inner["Subject"] = "Inner"
    inner.set_content("x")
    message.add_attachment(inner)
    return bytes(message)


async def forwarded(original: str | bytes, **parameters: Any) -> EmailMessage:
    context = shipped("gmail", "forward", raw_message(original))
    await forward(context, {"message_id": "18c1f2", "to": "grace@example.com", **parameters})
    look_up, request = context.requests
    assert look_up.url.endswith("/messages/18c1f2?format=raw")
    return sent_message(request)


def files(message: EmailMessage) -> dict[str, bytes]:
    return {
        str(part.get_filename()): bytes(part.get_payload(decode=True))
        for part in message.walk()
        if part.get_filename()
    }


async def test_a_text_is_quoted() -> None:
    message = await forwarded(PLAIN, text="FYI")
    assert message["Subject"] == "Fwd: Hello"
    assert message["To"] == "grace@example.com"
    assert body_of(message, "plain").splitlines() == [
        "FYI",
        "",
        "---------- Forwarded message ---------",
        "From: Adä <ada@example.com>",
        "Date: Tue, 1 Dec 2026 10:00:00 +0100",
        "Subject: Hello",
        "To: bob@example.com",
        "",
        "Grüße",
    ]
    assert message.get_content_type() == "text/plain"


async def test_one_can_say_nothing() -> None:
    assert body_of(await forwarded(PLAIN), "plain").startswith("---------- Forwarded")


async def test_html_is_quoted_in_both_texts() -> None:
    message = await forwarded(with_files(), text="FYI <b>")
    assert message["Subject"] == "Fwd: Report"
    html = body_of(message, "html")
    assert "FYI &lt;b&gt;" in html
    assert '<img src="cid:logo@acme">' in html
    assert "From: ada@example.com" in html
    assert body_of(message, "plain").splitlines()[-1] == "See <below>."


async def test_ones_own_html_makes_html_of_a_text() -> None:
    html = body_of(await forwarded(PLAIN, html="<p>FYI</p>"), "html")
    assert html.startswith("<p>FYI</p>")
    assert "Grüße" in html
    assert "Adä &lt;ada@example.com&gt;" in html


async def test_html_alone_stays_html_alone() -> None:
    message = await forwarded("Content-Type: text/html\n\n<p>Hi</p>\n", text="FYI")
    assert message.get_body(("plain",)) is None
    assert "FYI" in body_of(message, "html")


async def test_files_come_along() -> None:
    own = {"filename": "own.txt", "base64": base64.b64encode(b"own").decode()}
    message = await forwarded(with_files(), attachments=[own])
    found = files(message)
    assert found["logo.png"] == b"PNG"
    assert found["Bericht für März.pdf"] == b"PDF"
    assert found["own.txt"] == b"own"
    assert b"Subject: Inner" in found["attachment.eml"]
    image = next(part for part in message.walk() if part.get_content_type() == "image/png")
    assert image["Content-ID"] == "<logo@acme>"
    assert image.get_content_disposition() == "inline"


async def test_an_image_that_nothing_shows_is_an_attachment() -> None:
    message = await forwarded(with_files(html="<p>no image</p>"))
    image = next(part for part in message.walk() if part.get_content_type() == "image/png")
    assert image["Content-ID"] is None
    assert image.get_content_disposition() == "attachment"


async def test_the_subject_can_be_another() -> None:
    assert (await forwarded(PLAIN, subject="Look"))["Subject"] == "Look"


async def test_a_header_cannot_bring_another_one_in() -> None:
    message = await forwarded(
        'Subject: =?utf-8?q?a=0D=0ABcc:_evil@example.com?=\nContent-Disposition: attachment; filename="a\x0bb"\n\nx\n'
    )
    assert message["Bcc"] is None


@given(
    content=st.binary(max_size=400),
    head=st.sampled_from([b"", b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"]),
)
@settings(max_examples=60)
async def test_whatever_is_in_the_mailbox_is_forwarded(content: bytes, head: bytes) -> None:
    await forwarded(head + content)


async def test_an_answer_without_the_message_is_an_error() -> None:
    with pytest.raises(UpstreamInvalidResponse):
        await forward(
            shipped("gmail", "forward", json_answer({})), {"message_id": "1", "to": "a@example.com"}
        )


async def test_faults_are_found_before_anything_is_looked_up() -> None:
    context = shipped("gmail", "forward")
    with pytest.raises(InvalidParameters):
        await forward(context, {"message_id": "18c1f2", "to": "nobody"})
    assert context.requests == []
