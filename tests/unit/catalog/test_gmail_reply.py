import json
from email.message import EmailMessage
from typing import Any

import pytest

from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.catalog.gmail.reply import reply
from portway.domain.errors import InvalidParameters, UpstreamError
from tests.fakes.http_client import json_answer
from tests.unit.catalog.contexts import shipped
from tests.unit.catalog.gmail_messages import body_of, gmail_message, headers, sent_message

PROFILE = json_answer({"emailAddress": "Grace@example.com"})
FIELDS = {
    "Message_ID": "<2@example.com>",
    "Subject": "Hello",
    "From": "Ada <ada@example.com>",
    "To": "grace@example.com, Bob <bob@example.com>",
    "Cc": "eve@example.com, ADA@example.com",
}


def original(*labels: str, **fields: str) -> UpstreamResponse:
    return gmail_message({"headers": headers(**fields)}, labelIds=list(labels))


async def replied(*answers: UpstreamResponse, **parameters: Any) -> tuple[EmailMessage, OutgoingRequest]:
    context = shipped("gmail", "reply", *answers)
    await reply(context, {"message_id": "18c1f2", "text": "Yes.", **parameters})
    return sent_message(context.requests[-1]), context.requests[-1]


async def test_it_is_in_the_thread() -> None:
    message, request = await replied(original(**FIELDS, References="<0@example.com> <1@example.com>"))
    assert (request.method, request.url) == (
        "POST",
        "https://gmail.googleapis.com/gmail/v1/users/me/messages/send",
    )
    assert isinstance(request.body, bytes)
    assert json.loads(request.body)["threadId"] == "18c1f0"
    assert message["Subject"] == "Re: Hello"
    assert message["In-Reply-To"] == "<2@example.com>"
    assert message["References"] == "<0@example.com> <1@example.com> <2@example.com>"
    assert message["To"] == "Ada <ada@example.com>"
    assert message["Cc"] is None
    assert body_of(message, "plain").strip() == "Yes."


@pytest.mark.parametrize("subject", ["Re: Hello", "RE: Hello", "re:Hello"])
async def test_re_is_not_repeated(subject: str) -> None:
    message, _ = await replied(original(**{**FIELDS, "Subject": subject}))
    assert message["Subject"] == subject


async def test_without_references_the_message_before_is_one() -> None:
    message, _ = await replied(original(**FIELDS, In_Reply_To="<1@example.com>"))
    assert message["References"] == "<1@example.com> <2@example.com>"


async def test_a_message_without_an_id_is_answered_all_the_same() -> None:
    message, _ = await replied(original(From="ada@example.com"))
    assert (message["Subject"], message["In-Reply-To"], message["References"]) == ("Re:", None, None)


@pytest.mark.parametrize(
    ("labels", "fields", "parameters", "recipients"),
    [
        ((), {"Reply_To": "list@example.com"}, {}, "list@example.com"),
        ((), {"Reply_To": "nobody"}, {}, "Ada <ada@example.com>"),
        ((), {}, {"to": "someone@example.com"}, "someone@example.com"),
        (("SENT",), {}, {}, "grace@example.com, Bob <bob@example.com>"),
    ],
)
async def test_who_is_answered(
    labels: tuple[str, ...], fields: dict[str, str], parameters: dict[str, Any], recipients: str
) -> None:
    message, _ = await replied(original(*labels, **{**FIELDS, **fields}), **parameters)
    assert message["To"] == recipients


async def test_all_others_get_copies_once_and_oneself_none() -> None:
    fields = {
        **FIELDS,
        "To": f"{FIELDS['To']}, alias@example.com, bob@example.com",
        "Delivered_To": "alias@example.com",
    }
    message, _ = await replied(
        original(**fields), PROFILE, reply_all=True, cc="carl@example.com", bcc="eve@example.com"
    )
    assert message["To"] == "Ada <ada@example.com>"
    assert message["Cc"] == "carl@example.com, Bob <bob@example.com>"
    assert message["Bcc"] == "eve@example.com"


async def test_a_message_from_nobody_cannot_be_answered() -> None:
    context = shipped("gmail", "reply", original(Subject="Hello"))
    with pytest.raises(InvalidParameters) as error:
        await reply(context, {"message_id": "18c1f2", "text": "Yes."})
    assert [fault.pointer for fault in error.value.faults] == ["/parameters/message_id"]
    assert len(context.requests) == 1


async def test_a_header_cannot_bring_another_one_in() -> None:
    fields = {
        "Message_ID": "<2@example.com>\r\nBcc: evil@example.com",
        "Subject": "=?utf-8?q?Hello=0D=0ABcc:_evil@example.com?=",
        "From": "=?utf-8?q?A=0D=0ABcc=3A_evil=40example.com=2C?= <ada@example.com>",
    }
    message, _ = await replied(original(**fields))
    assert message["Bcc"] is None
    assert message["Subject"] == "Re: HelloBcc: evil@example.com"
    assert [address.addr_spec for address in message["To"].addresses] == ["ada@example.com"]


async def test_what_was_done_before_a_failure_is_said() -> None:
    context = shipped("gmail", "reply", original(**FIELDS), json_answer({"error": {}}, 403))
    with pytest.raises(UpstreamError) as error:
        await reply(context, {"message_id": "18c1f2", "text": "Yes."})
    assert error.value.failed_step == "send the reply"
    assert error.value.steps_done == ("look the message up",)


async def test_faults_are_found_before_anything_is_sent() -> None:
    context = shipped("gmail", "reply")
    with pytest.raises(InvalidParameters):
        await reply(context, {"message_id": "18c1f2", "cc": "nobody"})
    assert context.requests == []
