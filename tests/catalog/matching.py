"""Whether a request is the one that a fixture tells (see portway.catalog.fixtures)."""

import base64
import json
import re
from dataclasses import dataclass, field

from msgspec import UNSET, UnsetType

from portway.application.ports.http import OutgoingRequest
from portway.catalog.fixtures import ExpectedRequest
from portway.domain.json_value import JsonValue
from tests.fakes.action_context import content_of

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_ANYTHING = r"[^\s\"']+?"
_JSON = {"content-type": "application/json"}
_ENCODINGS = {"$base64": base64.b64decode, "$base64url": base64.urlsafe_b64decode}


def request_line(method: str, url: str) -> str:
    """Method and URL, with the query in the order of its names; several of one name stay as they are."""
    path, mark, query = url.partition("?")
    pairs = sorted(query.split("&"), key=lambda pair: pair.partition("=")[0])
    return f"{method} {path}{mark}{'&'.join(pairs)}"


@dataclass
class Matcher:
    """Compares the requests of one execution, in order. `bound` is what the placeholders turned out to be."""

    bound: dict[str, str] = field(default_factory=dict)

    async def request(self, expected: ExpectedRequest, found: OutgoingRequest) -> None:
        """Raises AssertionError, which says what differs."""
        assert request_line(found.method, found.url) == request_line(expected.method, expected.url)
        self._headers(expected, found)
        self._body(expected, await content_of(found.body))

    def _headers(self, expected: ExpectedRequest, found: OutgoingRequest) -> None:
        understood = {"accept": "application/json", **(_JSON if expected.json is not UNSET else {})}
        wanted = {**understood, **expected.headers}
        assert found.headers.keys() == wanted.keys()
        for name, value in wanted.items():
            self.text(value, found.headers[name], f"the header {name}")

    def _body(self, expected: ExpectedRequest, content: bytes | None) -> None:
        if expected.json is not UNSET:
            assert content is not None, "there is no body"
            self.json(expected.json, json.loads(content), "the body")
        elif not isinstance(expected.body, UnsetType):
            assert content is not None, "there is no body"
            self.text(_joined(expected.body), content.decode(), "the body")
        elif not isinstance(expected.base64, UnsetType):
            assert content == base64.b64decode(expected.base64)
        elif expected.zeros is not UNSET:
            assert content is not None, "there is no body"
            assert len(content) == expected.zeros
            assert not content.strip(b"\0")
        else:
            assert content is None, "there is a body"

    def json(self, expected: JsonValue, found: JsonValue, where: str) -> None:
        """The same value; booleans are no numbers."""
        if (
            isinstance(expected, dict)
            and len(expected) == 1
            and (encoding := next(iter(expected))) in _ENCODINGS
        ):
            assert isinstance(found, str), f"{where} is no text"
            decoded = _ENCODINGS[encoding](found + "=" * (-len(found) % 4)).decode()
            self.text(_joined(expected[encoding]), decoded, where)
        elif isinstance(expected, dict) and isinstance(found, dict):
            assert expected.keys() == found.keys(), f"{where} has other members"
            for name, value in expected.items():
                self.json(value, found[name], f"{where}/{name}")
        elif isinstance(expected, list) and isinstance(found, list):
            assert len(expected) == len(found), f"{where} has other items: {found}"
            for index, (one, other) in enumerate(zip(expected, found, strict=True)):
                self.json(one, other, f"{where}/{index}")
        elif isinstance(expected, str) and isinstance(found, str):
            self.text(expected, found, where)
        else:
            assert type(expected) is type(found), f"{where} is {found!r}, not {expected!r}"
            assert expected == found, where

    def text(self, expected: str, found: str, where: str) -> None:
        """The same text, with something in place of each placeholder."""
        if not _PLACEHOLDER.search(expected):
            assert found == expected, where
            return
        match = re.fullmatch(self._pattern(expected), found)
        assert match is not None, f"{where} is {found!r}, not {expected!r}"
        self.bound |= match.groupdict()

    def _pattern(self, expected: str) -> str:
        pattern, known = "", dict(self.bound)
        for index, piece in enumerate(_PLACEHOLDER.split(expected)):
            if index % 2 == 0:
                pattern += re.escape(piece)
            elif piece in self.bound:
                pattern += re.escape(self.bound[piece])
            else:
                pattern += f"(?P={piece})" if piece in known else f"(?P<{piece}>{_ANYTHING})"
                known[piece] = ""
        return pattern


def _joined(text: object) -> str:
    return "\r\n".join(map(str, text)) if isinstance(text, list) else str(text)
