"""Fixtures: what each action sends, to the last byte, in the file `requests.yaml` beside its `actions.yaml`.

The file is a list. Each entry is one execution of one action, and every action has at least one:

    - action: send-email
      parameters: {to: ada@example.com, subject: Hello}   # the caller's, as the action's schema wants them
      config: {}                # optional: the connection's own values (for `{name}` in base_url and headers)
      requests:                 # what the service gets, in order, and nothing else
        - method: POST
          url: https://api.example.com/v1/messages?draft=true     # the whole URL, encoded; its query in any order
          headers: {x-version: "3"}
          json: {to: ada@example.com}
          answer: {json: {id: "1"}}
      data: {id: "1"}           # optional: what the caller gets

A request has at most one of these; without any of them it must have no body:

- `json`: any value. The body is JSON of this value; members in any order, 1 and 1.0 and true are different.
- `body`: a text, in UTF-8; or a list of lines, which are joined by CRLF, as in a multipart body (an empty last line
  stands for a CRLF at the end).
- `base64`: the bytes in base64.
- `zeros`: a number of zero bytes.

`headers`: names in lower case. All headers must be there, but for `accept: application/json` and, with `json`,
`content-type: application/json`: these two are understood. No request has a credential in it here.
`elsewhere: true` for a request that a handler sends without a credential (`send_elsewhere`).

`answer` is what the stand-in for the service returns: `status` (200), `headers`, and at most one of `json`, `text`,
`base64`; without any of them `{}` in JSON. The content type is `application/json` for `json` and `text/plain` for
`text`, unless `headers` say otherwise.

What is different each time, such as a boundary or a date, is written `{{name}}`: it stands for one or more characters
without spaces and quotes, in a header or anywhere in a text of a body; the same name is the same text everywhere in a
fixture. In `json`, `{$base64url: text or list of lines}` stands for a text that is base64url of that (without padding),
`{$base64: ...}` for one that is base64: `raw: {$base64url: ["Subject: Hello", "", "Hi", ""]}`.

A parameter that is a file uploaded beside the JSON is `{$file: {filename: a.txt, content_type: text/plain, text: Hi}}`,
with `base64: ...` or `zeros: 6000000` (so many zero bytes) in place of `text`.

`tests/catalog/test_fixtures.py` runs them all. Of an action with pages, one page is asked for.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from portway.application.ports.http import UpstreamResponse
from portway.application.requests.base64_content import decode_base64
from portway.application.requests.files import UploadedFile
from portway.catalog.definitions import convert, parse_yaml
from portway.domain.json_value import JsonObject, JsonValue

_PIECE = 64 * 1024
Text = Annotated[str, Meta(min_length=1)]
Size = Annotated[int, Meta(ge=0)]


class StandInAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the stand-in for the service returns."""

    status: int = 200
    headers: dict[str, str] = {}
    json: Any = UNSET
    text: str | None = None
    base64: str | None = None

    def response(self) -> UpstreamResponse:
        """The answer as the HTTP client gives it."""
        content_type, body = self._content()
        headers = {
            "content-type": content_type,
            **{name.lower(): value for name, value in self.headers.items()},
        }
        return UpstreamResponse(self.status, headers, body)

    def _content(self) -> tuple[str, bytes]:
        if self.base64 is not None:
            return "application/octet-stream", decode_base64(self.base64, "")
        if self.text is not None:
            return "text/plain; charset=utf-8", self.text.encode()
        return "application/json", msgspec.json.encode({} if self.json is UNSET else self.json)


class ExpectedRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request, whole."""

    method: Text
    url: Text
    headers: dict[str, str] = {}
    json: Any = UNSET
    body: str | list[str] | UnsetType = UNSET
    base64: str | UnsetType = UNSET
    zeros: Size | UnsetType = UNSET
    elsewhere: bool = False
    answer: StandInAnswer = StandInAnswer()

    def __post_init__(self) -> None:
        if sum(body is not UNSET for body in (self.json, self.body, self.base64, self.zeros)) > 1:
            raise ValueError("at most one of json, body, base64 and zeros")


class Fixture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One execution of an action. `data` is UNSET where it does not matter."""

    action: Text
    requests: tuple[ExpectedRequest, ...]
    parameters: dict[str, Any] = {}
    config: dict[str, Any] = {}
    data: Any = UNSET

    def execution_parameters(self) -> JsonObject:
        """The parameters, with files in place of `$file`."""
        return {name: _with_files(value) for name, value in self.parameters.items()}


class _FixtureFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    filename: Text
    content_type: Text
    text: str | None = None
    base64: str | None = None
    zeros: Size = 0

    def uploaded(self) -> UploadedFile:
        if self.base64 is not None:
            content = decode_base64(self.base64, "")
        else:
            content = bytes(self.zeros) if self.text is None else self.text.encode()
        return UploadedFile(self.filename, self.content_type, HeldContent(content))


@dataclass(frozen=True, slots=True)
class HeldContent:
    """A small file's content as a StreamedBody."""

    content: bytes = field(repr=False)

    @property
    def size(self) -> int:
        return len(self.content)

    async def chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.content), _PIECE):
            yield self.content[start : start + _PIECE]


def load_fixtures(folder: Path) -> tuple[Fixture, ...]:
    """The fixtures of an integration's folder; none where it has no `requests.yaml`.

    Raises InvalidIntegrationConfig, which names file and member.
    """
    file = folder / "requests.yaml"
    return convert(parse_yaml(file), tuple[Fixture, ...], file) if file.is_file() else ()


def _with_files(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [_with_files(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"$file"}:
        return msgspec.convert(value["$file"], _FixtureFile).uploaded()
    return {name: _with_files(item) for name, item in value.items()}
