"""An e-mail as bytes (RFC 5322, 2045 to 2047, 2231, 2387).

The structure is the standard library's. The header fields of the message itself are written here, because its
folding (tried on Python 3.11) turns message ids longer than a line into encoded words, which breaks threading, and
does not encode a subject that looks encoded or begins with a space.
"""

import base64
import re
from collections.abc import Iterable
from email.message import EmailMessage
from email.policy import SMTP

from portway.catalog.gmail.email_parameters import Attachment, Email, Mailbox

_LINE = 76
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")
_LONGEST_WORD = 500
_WORD_BYTES = 45  # 60 characters of base64, 72 with `=?utf-8?b?` and `?=`; the limit is 75
_POLICY = SMTP.clone(cte_type="7bit")


def compose(email: Email) -> bytes:
    """The message with CRLF line ends. Date, Message-ID and a From that is not given are left to Gmail."""
    body = EmailMessage(policy=_POLICY)
    if email.html is None:
        body.set_content(email.text or "")
    elif email.text is None:
        body.set_content(email.html, subtype="html")
    else:
        body.set_content(email.text)
        body.add_alternative(email.html, subtype="html")
    html = body.get_body(("html",))
    for attachment in email.attachments:
        if attachment.content_id is not None and isinstance(html, EmailMessage):
            _attach(html, attachment)
    for attachment in email.attachments:
        if attachment.content_id is None:
            _attach(body, attachment)
    # Addresses outside of ASCII need RFC 6532; nothing else is put so.
    head = "".join(_fold(name, words) for name, words in _fields(email) if words)
    return head.encode() + body.as_bytes()


def _attach(part: EmailMessage, attachment: Attachment) -> None:
    maintype, subtype = attachment.content_type
    if attachment.content_id is None:
        part.add_attachment(
            attachment.content, maintype=maintype, subtype=subtype, filename=attachment.filename
        )
        return
    part.add_related(
        attachment.content,
        maintype=maintype,
        subtype=subtype,
        filename=attachment.filename,
        disposition="inline",
        cid=attachment.content_id,
    )


def _fields(email: Email) -> Iterable[tuple[str, list[str]]]:
    """Names and words; lines are broken between words only."""
    yield "From", _addresses([email.sender] if email.sender else [])
    yield "To", _addresses(email.to)
    yield "Cc", _addresses(email.cc)
    yield "Bcc", _addresses(email.bcc)
    yield "Reply-To", _addresses(email.reply_to)
    yield "Subject", _unstructured(email.subject)
    yield "In-Reply-To", [email.in_reply_to] if email.in_reply_to else []
    yield "References", list(email.references)


def _addresses(mailboxes: Iterable[Mailbox]) -> list[str]:
    words: list[str] = []
    for mailbox in mailboxes:
        if words:
            words[-1] += ","
        words += [*_phrase(mailbox.name), f"<{mailbox.address}>"] if mailbox.name else [mailbox.address]
    return words


def _phrase(name: str) -> list[str]:
    if _PLAIN.fullmatch(name) and len(name) <= 60 and "=?" not in name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return [f'"{escaped}"']
    return _encoded_words(name)


def _unstructured(text: str) -> list[str]:
    words = text.split(" ")
    if _PLAIN.fullmatch(text) and "=?" not in text and max(map(len, words)) <= _LONGEST_WORD:
        return words
    return _encoded_words(text)


def _encoded_words(text: str) -> list[str]:
    """RFC 2047, in base64; a character is never divided between two words."""
    chunks = [b""]
    for character in text:
        encoded = character.encode()
        if len(chunks[-1]) + len(encoded) > _WORD_BYTES:
            chunks.append(b"")
        chunks[-1] += encoded
    return [f"=?utf-8?b?{base64.b64encode(chunk).decode('ascii')}?=" for chunk in chunks if chunk]


def _fold(name: str, words: list[str]) -> str:
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"
