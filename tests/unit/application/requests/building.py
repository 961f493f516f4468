"""Requests of rows that are made up for a test."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import strategies as st

from portway.application.ports.http import OutgoingRequest
from portway.application.requests.request_builder import build_request, check_request_building
from portway.domain.errors import Fault, InvalidIntegrationConfig, InvalidParameters
from tests.unit.application.rows import an_action, an_integration

CHARACTERS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
NASTY = st.text(st.sampled_from("/\\.%?#&=@:;,|'\"<>[]+ \r\n\t\x00{}2eEfFü\u2028"), min_size=1, max_size=12)
HALF = st.just("\ud800")
"""Half a surrogate pair, which JSON can say and UTF-8 cannot."""


def build(
    http_method: str,
    endpoint_path: str,
    parameters: dict[str, Any],
    *,
    base_url: str = "https://api.example/v1",
    config: dict[str, Any] | None = None,
    inherited: dict[str, Any] | None = None,
    **members: Any,
) -> OutgoingRequest:
    """The request; `inherited` is the integration's `transform_config`."""
    action = an_action(http_method, endpoint_path, **members)
    integration = replace(an_integration(base_url), transform_config=inherited or {})
    return build_request(integration, action, parameters, config or {})


def sent(
    parameters: dict[str, Any], /, method: str = "POST", path: str = "/x", **says: Any
) -> OutgoingRequest:
    """The request of an action whose `transform_config` is `says`."""
    return build(method, path, parameters, transform_config=says)


def body_of(parameters: dict[str, Any], /, **says: Any) -> bytes:
    """The body of such a request."""
    body = sent(parameters, **says).body
    assert isinstance(body, bytes)
    return body


def refused(*args: Any, **kwargs: Any) -> list[Fault]:
    """What is wrong with the parameters."""
    with pytest.raises(InvalidParameters) as error:
        build(*args, **kwargs)
    return list(error.value.faults)


def pointers(parameters: dict[str, Any], /, method: str = "POST", path: str = "/x", **says: Any) -> list[str]:
    """Where it is wrong."""
    return [fault.pointer for fault in refused(method, path, parameters, transform_config=says)]


def broken(*args: Any, **kwargs: Any) -> str:
    """What is wrong with the row, which is found out when it is used."""
    with pytest.raises(InvalidIntegrationConfig) as error:
        build(*args, **kwargs)
    return error.value.detail


def check(
    http_method: str, endpoint_path: str, *, inherited: dict[str, Any] | None = None, **says: Any
) -> None:
    """Looks at a row alone."""
    integration = replace(an_integration(), transform_config=inherited or {})
    check_request_building(integration, an_action(http_method, endpoint_path, transform_config=says))


def wrong(http_method: str, endpoint_path: str, **says: Any) -> str:
    """What is wrong with it."""
    with pytest.raises(InvalidIntegrationConfig) as error:
        check(http_method, endpoint_path, **says)
    return error.value.detail


def said(place: str, style: str | None, explode: bool | None = None, **more: Any) -> dict[str, Any]:
    """The `locations` of the parameter `color`."""
    return {"color": {"in": place, "style": style, "explode": explode, **more}}


def path_of(value: object, style: str, explode: bool | None) -> str:
    """It in the path, where it has a segment of its own."""
    url = build(
        "GET",
        "/x/{color}/y",
        {"color": value},
        transform_config={"locations": said("path", style, explode)},
    ).url
    path = urlsplit(url).path
    assert path.startswith("/v1/x/")
    assert path.endswith("/y")
    return path[len("/v1/x/") : -len("/y")]


def query_of(value: object, style: str | None, explode: bool | None = None, **more: Any) -> str:
    """It in the query."""
    parts = urlsplit(sent({"color": value}, "GET", "/x", locations=said("query", style, explode, **more)).url)
    assert (parts.netloc, parts.path, parts.fragment) == ("api.example", "/v1/x", "")
    return parts.query


class Held:
    """Content that is uploaded."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size = len(content)

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self.content
