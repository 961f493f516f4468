from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.handlers.action_handler import Answer
from portway.application.ports.http import UpstreamResponse
from portway.catalog.gmail.get_message import get_message
from portway.catalog.gmail.headers import header_text, mailboxes_in, message_ids_in
from portway.catalog.gmail.message import decode_text
from portway.domain.errors import UpstreamError, UpstreamInvalidResponse
from tests.fakes.http_client import json_answer
from tests.unit.catalog.contexts import shipped
from tests.unit.catalog.gmail_messages import encoded, gmail_message, headers, multipart, part

ANY_HEADER = st.text(st.characters(codec="utf-8"), max_size=200)


async def read(*answers: UpstreamResponse, **parameters: Any) -> dict[str, Any]:
    context = shipped("gmail", "get-message", *answers)
    answer = await get_message(context, {"id": "18c1f2", **parameters})
    assert isinstance(answer, Answer)
    assert isinstance(answer.data, dict)
    return dict(answer.data)


def attached(**fields: str) -> dict[str, Any]:
    return part("application/pdf", filename="a.pdf", attachment_id="A/1", headers=headers(**fields))


async def test_headers_are_decoded() -> None:
    message = await read(
        gmail_message(
            multipart(
                "mixed",
                Subject="=?utf-8?q?Gr=C3=BC=C3=9Fe?= aus\r\n Berlin",
                From="=?utf-8?b?QWTDpA==?= <ada@example.com>",
                To="Team: bob@example.com, Eve <eve@example.com>;",
                Cc='"Doe, Jane" <jane@example.com>',
                Reply_To="office@example.com",
                Message_ID="<2@example.com>",
                In_Reply_To="<1@example.com>",
                References="<0@example.com>\r\n <1@example.com>",
                X_Mailer="=?utf-8?q?M=C3=BChle?=",
            ),
            labelIds=["INBOX"],
            internalDate="1796119200000",
        )
    )
    assert message["subject"] == "Grüße aus Berlin"
    assert message["from"] == [{"name": "Adä", "address": "ada@example.com"}]
    assert message["to"] == [
        {"name": "", "address": "bob@example.com"},
        {"name": "Eve", "address": "eve@example.com"},
    ]
    assert message["cc"] == [{"name": "Doe, Jane", "address": "jane@example.com"}]
    assert message["reply_to"] == [{"name": "", "address": "office@example.com"}]
    assert message["message_id"] == "<2@example.com>"
    assert message["in_reply_to"] == "<1@example.com>"
    assert message["references"] == ["<0@example.com>", "<1@example.com>"]
    assert {"name": "X-Mailer", "value": "Mühle"} in message["headers"]
    assert message["date"] == "2026-12-01T10:00:00+00:00"
    assert (message["thread_id"], message["label_ids"]) == ("18c1f0", ["INBOX"])


async def test_texts_and_attachments_are_told_apart() -> None:
    message = await read(
        gmail_message(
            multipart(
                "mixed",
                multipart(
                    "alternative",
                    part("text/plain", "Grüße".encode()),
                    multipart(
                        "related",
                        part("text/html", b"<p>Hi</p>"),
                        part(
                            "image/png",
                            filename="logo.png",
                            attachment_id="A2",
                            headers=headers(Content_Disposition="inline", Content_ID="<logo@acme>"),
                        ),
                    ),
                ),
                part("text/plain", filename="notes.txt", attachment_id="A3"),
                part(
                    "text/plain",
                    b"Mail from a machine",
                    headers=headers(Content_Disposition="attachment"),
                ),
                {
                    **part("message/rfc822", attachment_id="A4", filename="mail.eml"),
                    "parts": [part("text/plain", b"x")],
                },
            )
        )
    )
    assert message["text"] == "Grüße"
    assert message["html"] == "<p>Hi</p>"
    assert [(one["filename"], one["attachment_id"], one["inline"]) for one in message["attachments"]] == [
        ("logo.png", "A2", True),
        ("notes.txt", "A3", False),
        ("", None, False),
        ("mail.eml", "A4", False),
    ]
    assert message["attachments"][0]["content_id"] == "logo@acme"
    assert "base64" not in message["attachments"][0]
    assert message["attachments"][2]["base64"] == "TWFpbCBmcm9tIGEgbWFjaGluZQ=="


async def test_attachments_are_fetched_on_demand() -> None:
    context = shipped(
        "gmail",
        "get-message",
        gmail_message(multipart("mixed", part("text/plain", b"Hi"), attached())),
        json_answer({"size": 3, "data": encoded(b"\xfb\xff\xfe")}),
    )
    answer = await get_message(context, {"id": "18c1f2", "include_attachments": True})
    assert isinstance(answer, Answer)
    assert isinstance(answer.data, dict)
    assert answer.data["attachments"][0]["base64"] == "+//+"  # type: ignore[index, call-overload]
    assert [request.url.partition("/me/")[2] for request in context.requests] == [
        "messages/18c1f2",
        "messages/18c1f2/attachments/A%2F1",
    ]


async def test_a_large_text_is_fetched_in_any_case() -> None:
    message = await read(
        gmail_message(part("text/plain", attachment_id="A1")), json_answer({"data": encoded(b"Long")})
    )
    assert message["text"] == "Long"
    assert message["attachments"] == []


async def test_metadata_has_no_content() -> None:
    message = await read(gmail_message({"headers": headers(Subject="Hi")}), format="metadata")
    assert message["subject"] == "Hi"
    assert not {"text", "html", "attachments"} & message.keys()


@pytest.mark.parametrize("kind", ["minimal", "raw"])
async def test_other_formats_come_as_they_are(kind: str) -> None:
    answer = json_answer({"id": "18c1f2"})
    assert (
        await get_message(shipped("gmail", "get-message", answer), {"id": "18c1f2", "format": kind}) is answer
    )


async def test_an_error_is_the_services() -> None:
    with pytest.raises(UpstreamError) as error:
        await read(json_answer({"error": {"message": "Not found"}}, 404))
    assert error.value.status_code == 404


@pytest.mark.parametrize(
    "answer",
    [
        json_answer([1]),
        UpstreamResponse(200, {}, b""),
        UpstreamResponse(200, {"content-type": "application/json"}, b"{"),
        gmail_message({"mimeType": "text/plain", "body": {"data": "#"}}),
        gmail_message({"mimeType": "text/plain", "body": {"data": 5}}),
    ],
)
async def test_an_answer_that_is_none_is_an_error(answer: UpstreamResponse) -> None:
    with pytest.raises(UpstreamInvalidResponse):
        await read(answer)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        5,
        {"headers": 5, "parts": 5},
        {"mimeType": "multipart/mixed", "parts": [5, None, {"mimeType": "multipart/mixed", "parts": {}}]},
        {
            "mimeType": "text/plain",
            "headers": [5, {}, {"name": "Content-Type", "value": "text/plain; charset=x"}],
        },
    ],
)
async def test_a_strange_message_is_read_all_the_same(payload: Any) -> None:
    message = await read(json_answer({"id": "1", "payload": payload, "internalDate": "soon"}))
    assert (message["subject"], message["from"], message["date"]) == ("", [], None)


# What people send


@given(value=ANY_HEADER)
def test_any_header_is_read(value: str) -> None:
    text = header_text(value)
    assert not set(text) & {"\r", "\n", "\0"}
    for mailbox in mailboxes_in(value):
        assert "@" in mailbox.address
        assert not set(mailbox.name) & {"\r", "\n", "\0"}
    assert all(one.startswith("<") and one.isascii() for one in message_ids_in(value))


@pytest.mark.parametrize(
    "value",
    [
        "undisclosed-recipients:;",
        "<>",
        "=?utf-8?q?",
        "=?nonsense?b?AAA=?= <a@",
        "a@b@c.example",
        '"',
        "(",
        "a" * 5000,
        "=?utf-8?b?////?=",
        "x@[1.2",
        "@@@,,,;;;<<<",
    ],
)
def test_awkward_addresses_are_left_out(value: str) -> None:
    assert mailboxes_in(value) == ()


@pytest.mark.parametrize(
    ("content", "charset", "text"),
    [
        ("Grüße".encode(), "utf-8", "Grüße"),
        ("Grüße".encode(), "iso-8859-1", "Grüße"),
        ("Grüße".encode("latin-1"), "iso-8859-1", "Grüße"),
        ("日本".encode("iso-2022-jp"), "iso-2022-jp", "日本"),
        ("Hi".encode("utf-16"), "utf-16", "Hi"),
        (b"\xff\xfe", "no-such-charset", "ÿþ"),
        (b"\xff", "utf-8", "ÿ"),
        (b"\xff", "a\0b", "ÿ"),
    ],
)
def test_texts_are_decoded(content: bytes, charset: str, text: str) -> None:
    assert decode_text(content, charset) == text
