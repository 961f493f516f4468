"""Rule: a secret is known again in whatever form a service echoes it."""

import html
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, quote_plus

import msgspec

MIN_SECRET_LENGTH = 6  # shorter values would blank ordinary words

_UNESCAPED = re.compile(r"[A-Za-z0-9._~-]+")
_BASE64 = re.compile(r"[A-Za-z0-9._~+/=-]+")
_ENCODED = re.compile(r"%[0-9A-F]{2}")
_LIKE_A_NUMBER = re.compile(r"[0-9eE+.-]+")


class Literals:
    """Secrets as texts to look for, worked out once for all that is logged of an execution."""

    __slots__ = ("forms", "in_json")

    def __init__(self, secrets: Iterable[str]) -> None:
        self.forms = literal_forms(secrets)
        self.in_json = _in_json(self.forms)

    def may_stand_in(self, text: str) -> bool:
        """Whether one of them may be in this JSON text."""
        if self.in_json is None:
            return True
        for literal in self.in_json:  # noqa: SIM110  any() and its generator would take five times as long
            if literal in text:
                return True
        return False


def _in_json(forms: Sequence[str]) -> list[str] | None:
    """As they stand inside a JSON text; None where that cannot be said, or where one may be part of a number."""
    if any(map(_LIKE_A_NUMBER.fullmatch, forms)):
        return None
    try:
        return [msgspec.json.encode(form)[1:-1].decode() for form in forms]
    except UnicodeEncodeError:
        return None


def literal_forms(secrets: Iterable[str]) -> list[str]:
    """All forms of the secrets that are worth looking for, longest first."""
    forms: set[str] = set()
    for secret in secrets:
        if len(secret) >= MIN_SECRET_LENGTH:
            forms.add(secret)
            if not _UNESCAPED.fullmatch(secret):
                forms.update(_other_forms_of(secret))
    return sorted(forms, key=len, reverse=True)


def _other_forms_of(secret: str) -> Iterator[str]:
    """As a service may write it into a text of its own: in JSON (also PHP's), in HTML, in a URL."""
    if _BASE64.fullmatch(secret):
        # The same as below, at a tenth of its cost: every second token is one of these.
        yield secret.replace("/", "\\/")
        for digits in (("%2B", "%3D", "%2F"), ("%2b", "%3d", "%2f")):
            encoded = secret.replace("+", digits[0]).replace("=", digits[1])
            yield from (encoded, encoded.replace("/", digits[2]))
        return
    yield html.escape(secret)
    for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield from (escaped, escaped.replace("/", "\\/"))
    for encode, safe in itertools.product((quote, quote_plus), ("", "/")):
        encoded = encode(secret, safe=safe, errors="replace")
        yield from (encoded, _ENCODED.sub(lambda match: match[0].lower(), encoded))


NO_LITERALS = Literals(())
