"""What imported things are called: slugs that are readable and stay the same, short names, and short descriptions."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import unescape

from portway.domain.builtin_actions import HTTP_REQUEST, VERIFY_CONNECTION

MAX_SLUG = 100
MAX_NAME = 200
MAX_DESCRIPTION = 1000

_HASH_LENGTH = 8
# `getHTTPStatus2` is three words, and so is `listSSHKeys`; the `s` of `getURLs` belongs to its word.
_WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z](?!s(?![a-z]))[a-z])")
_NO_WORD = re.compile(r"[^A-Za-z0-9]+")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
_SENTENCE_END = re.compile(r"[.!?](?=\s)")
_RESERVED = frozenset({HTTP_REQUEST, VERIFY_CONNECTION})


@dataclass(frozen=True, slots=True)
class OperationNames:
    """What a document calls an operation: its id, if it has one, and `METHOD /path`, which no other has."""

    operation_id: str
    operation: str


def slugs(operations: Sequence[OperationNames]) -> list[str]:
    """A slug for each operation, all different, none of a builtin action, of at most MAX_SLUG characters.

    From its id, or else from method and path. Where several have the same one it is that of method and path for all of
    them, so that no operation's slug depends on the others' order.
    """
    by_id = [slug(names.operation_id) for names in operations]
    by_path = [slug(names.operation) for names in operations]
    first = _unless_repeated(by_id, by_path)
    hashed = [_with_hash(one, names.operation) for one, names in zip(by_path, operations, strict=True)]
    return _unless_repeated(first, hashed)


def slug(text: str) -> str:
    """The words of a text in lower case with hyphens between them; empty for one without any."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = _NO_WORD.sub("-", _WORD_BREAK.sub("-", plain)).strip("-").lower()
    return words if len(words) <= MAX_SLUG else _with_hash(words, text)


def words(text: str) -> str:
    """An identifier as a sentence's beginning: `listSSHKeys` is `List ssh keys`."""
    return slug(text).replace("-", " ").capitalize()


def one_line(text: str, limit: int = MAX_NAME) -> str:
    """A name for people: without markup and line breaks, and without the full stop of a sentence."""
    return shortened(text, limit).removesuffix(".")


def shortened(text: str, limit: int = MAX_DESCRIPTION) -> str:
    """A description for people in one paragraph of at most `limit` characters: without HTML, links as their texts, cut
    behind a sentence, or else a word.
    """
    text = _LINK.sub(r"\1", unescape(_TAG.sub(" ", text[: limit * 20])))
    text = " ".join(text.split())
    text = "".join(character for character in text if character.isprintable())
    if len(text) <= limit:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text[: limit + 1])]
    if ends and ends[-1] >= limit // 3:
        return text[: ends[-1]]
    return f"{text[: limit - 1].rpartition(' ')[0] or text[: limit - 1]}…"


def _unless_repeated(preferred: Iterable[str], otherwise: Iterable[str]) -> list[str]:
    """The preferred slugs, and the others where one is empty, reserved or there several times."""
    several = list(zip(preferred, otherwise, strict=True))
    count = Counter(first for first, _ in several)
    chosen = [
        first if first and first not in _RESERVED and count[first] == 1 else second
        for first, second in several
    ]
    # What is taken instead may be another's first choice.
    again = Counter(chosen)
    return [
        one if again[one] == 1 or one == first else second
        for one, (first, second) in zip(chosen, several, strict=True)
    ]


def _with_hash(words: str, of: str) -> str:
    digest = sha256(of.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
    start = words[: MAX_SLUG - _HASH_LENGTH - 1].rstrip("-")
    return f"{start}-{digest}" if start else f"operation-{digest}"
