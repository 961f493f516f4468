"""What is in a request's body: names and values, as a schema could describe them."""

import json
import re
from collections.abc import Collection
from email import message_from_bytes
from email.message import Message
from fnmatch import fnmatch
from typing import Any
from urllib.parse import parse_qsl

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


def media_type(content_type: str) -> str:
    """Without parameters such as the charset."""
    return content_type.partition(";")[0].strip().lower()


def is_form(media: str) -> bool:
    """Every value in it is a text at first."""
    return media in (_FORM, _MULTIPART)


def declared_as(media: str, declared: Collection[str]) -> str | None:
    """The one of the declared types, perhaps `image/*`, that stands for a request's; None where there is none."""
    return next((each for each in declared if fnmatch(media, media_type(each))), None)


def value_of(content: bytes, content_type: str, known: Collection[str]) -> Any:
    """The JSON, or the members of a form; a file is an empty text. `known` names members, perhaps with brackets.

    Raises LookupError for content that has no members.
    """
    media = media_type(content_type)
    if media.endswith("json"):
        return json.loads(content)
    if media == _FORM:
        pairs = parse_qsl(content.decode(), keep_blank_values=True, strict_parsing=bool(content))
        return nested(pairs, known)
    if media == _MULTIPART:
        message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + content)
        parts = [part for part in message.walk() if not part.is_multipart()]
        return nested([(_name(part), _text(part)) for part in parts], known)
    raise LookupError(media)


def nested(pairs: list[tuple[str, str]], known: Collection[str]) -> dict[str, Any]:
    """What `a[b][0]=x` means; a name that is known with its brackets stays whole. A repeated name is a list."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        path = [name] if name in known else re.sub(r"\[([^\]]*)\]", r"\0\1", name).split("\0")
        target = result
        for part in path[:-1]:
            target = target.setdefault(part, {})
        # `a[]=x` is the next item.
        last = path[-1] or str(len(target))
        if last in target:
            before = target[last]
            target[last] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            target[last] = value
    return result


def _name(part: Message) -> str:
    return str(part.get_param("name", header="content-disposition"))


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode() if isinstance(content, bytes) and part.get_filename() is None else ""
