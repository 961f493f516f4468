"""docs/reference/responses.md: every example is true, and nothing lacks one."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, get_args
from urllib.parse import parse_qsl

import msgspec
import pytest

from portway.application.language import transform_config
from portway.application.language.transform_config import Response, TransformConfig
from portway.application.ports.http import UpstreamResponse
from portway.application.responses.checks import check_response_config
from portway.application.responses.error_message import MAX_LENGTH, PLACES
from portway.application.responses.pagination import read_page
from portway.application.responses.response_mapping import read_body, read_response
from portway.domain.errors import PortwayError, UpstreamError
from tests.docs.documents import ROOT, blocks

DOCUMENT = "docs/reference/responses.md"
TEXT = (ROOT / DOCUMENT).read_text(encoding="utf-8")
ORIGIN = "https://api.example.com"
KINDS = {struct.__struct_config__.tag: struct for struct in get_args(transform_config.Pagination)}


@dataclass(frozen=True)
class Example:
    """A document, an answer (empty where the row is refused before), and what becomes of it."""

    config: dict[str, Any]
    http: str
    outcome: dict[str, Any]


def _examples() -> list[Example]:
    """A document is followed by outcomes, each with or without an answer before it."""
    found: list[Example] = []
    config: dict[str, Any] = {}
    http = ""
    for block in blocks(DOCUMENT):
        if block.language == "http":
            http = block.code
            continue
        document = json.loads(block.code)
        if http or document.keys() >= {"code", "detail"}:
            found.append(Example(config, http, document))
            http = ""
        else:
            config = document
    return found


EXAMPLES = _examples()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: json.dumps(example.config)[:60])
def test_the_example_is_true(example: Example) -> None:
    assert _outcome(example) == example.outcome


def test_a_page_is_asked_for_as_the_one_before_says() -> None:
    asked = 0
    for before, after in pairwise(EXAMPLES):
        if "next_parameters" in before.outcome:
            assert _request(after.http)[0] == before.outcome["next_parameters"]
        elif "next_url" in before.outcome:
            assert _request(after.http)[1] == before.outcome["next_url"]
        else:
            continue
        assert after.config == before.config
        asked += 1
    assert asked >= len(KINDS)


def test_every_member_is_described_and_has_an_example() -> None:
    assert _table("`response`") == _fields(Response)
    used = {name for example in EXAMPLES for name in example.config.get("response", {})}
    # `max_bytes` is not read from an answer, but kept to while it comes.
    assert used == _fields(Response) - {"max_bytes"}
    formats = {example.config.get("response", {}).get("format", "auto") for example in EXAMPLES}
    assert formats == {"auto", "json", "xml", "text", "binary"}
    assert f"| {Response().max_bytes} |" in TEXT


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_pages_is_described_and_has_an_example(kind: str) -> None:
    used = {
        name
        for example in EXAMPLES
        if example.config.get("pagination", {}).get("type") == kind and "items" in example.outcome
        for name in example.config["pagination"]
    }
    fields = _fields(KINDS[kind])
    assert _table(f"`{kind}`") == fields
    assert used - {"type"} == fields - (set() if kind != "link_header" else {"items"})
    ends = {
        example.outcome.keys() == {"items"}
        for example in EXAMPLES
        if example.config.get("pagination", {}).get("type") == kind and "items" in example.outcome
    }
    assert ends == {True, False}, "a page in between, and the last one"


def test_the_usual_places_are_listed_in_order() -> None:
    listed = TEXT.partition("that has a text: ")[2].partition(". Of a list")[0]
    assert tuple(re.findall(r"`([\w.]+)`", listed)) == PLACES
    assert f"more than {MAX_LENGTH} characters" in TEXT


def _outcome(example: Example) -> dict[str, Any]:
    config = msgspec.convert(example.config, TransformConfig)
    try:
        check_response_config(config, "Action 'x'")
    except PortwayError as error:
        return {"code": error.code, "detail": error.detail.removeprefix("Action 'x': ")}
    try:
        return dict(_page(config, example) if config.pagination else _data(config, example))
    except UpstreamError as error:
        upstream = {"status_code": error.status_code, "body": error.body}
        return {"code": error.code, "detail": error.detail, "upstream": upstream}
    except PortwayError as error:
        return {"code": error.code, "detail": error.detail}


def _data(config: TransformConfig, example: Example) -> Iterator[tuple[str, Any]]:
    yield "data", read_response(_answer(example.http), config)


def _page(config: TransformConfig, example: Example) -> Iterator[tuple[str, Any]]:
    assert config.pagination is not None
    parameters, url = _request(example.http)
    answer = _answer(example.http.partition("\n\n")[2])
    body = read_body(answer, config)
    page = read_page(config.pagination, answer, body, parameters=parameters, url=url)
    yield "items", page.items
    if page.next_parameters is not None:
        yield "next_parameters", page.next_parameters
    if page.next_url is not None:
        yield "next_url", page.next_url


def _request(http: str) -> tuple[dict[str, Any], str]:
    """The caller's parameters, which these actions have in the query, and the address."""
    target = http.partition("\n")[0].removeprefix("GET ")
    pairs = parse_qsl(target.partition("?")[2], strict_parsing=True) if "?" in target else []
    return {name: int(value) if value.isdecimal() else value for name, value in pairs}, ORIGIN + target


def _answer(http: str) -> UpstreamResponse:
    head, _, body = http.rstrip("\n").partition("\n\n")
    status, *lines = head.split("\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert status.startswith("HTTP/1.1 ")
    return UpstreamResponse(int(status.split(" ")[1]), headers, body.encode())


def _fields(struct: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(struct)}


def _table(title: str) -> set[str]:
    """The first column of the first table under a heading."""
    section = re.split(rf"^##+ {re.escape(title)}$", TEXT, flags=re.MULTILINE)[1]
    table = section.partition("| --- |")[2].partition("\n\n")[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
