"""Page after page: the items of one, and how to ask for the next."""

from dataclasses import dataclass
from typing import assert_never
from urllib.parse import urljoin, urlsplit

from portway.application.language.expression import compiled, is_true
from portway.application.language.transform_config import (
    CursorPages,
    LinkHeaderPages,
    NextUrlPages,
    OffsetPages,
    PageNumberPages,
    Pagination,
)
from portway.application.ports.http import UpstreamResponse
from portway.application.responses.link_header import link_target
from portway.domain.errors import InvalidIntegrationConfig, UpstreamInvalidResponse
from portway.domain.json_value import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Page:
    """What a page holds. The next one is had with `next_parameters`, or at `next_url`, or there is none."""

    items: list[JsonValue]
    next_parameters: JsonObject | None = None
    next_url: str | None = None


def read_page(
    pagination: Pagination,
    response: UpstreamResponse,
    body: JsonValue,
    *,
    parameters: JsonObject,
    url: str,
    page_number: int,
    items_before: int,
) -> Page:
    """The page in `body`, which was asked for with the caller's `parameters` at `url`.

    `page_number` pages with `items_before` items were read before it in this execution. Raises
    UpstreamInvalidResponse for a body without the list that the row promises, and for a service that names the same
    page as its own next; InvalidIntegrationConfig for a row that does not say where the list is.
    """
    items = _items(pagination, body)
    match pagination:
        case CursorPages():
            following = _next_cursor(pagination, body, parameters)
        case PageNumberPages():
            following = _next_number(pagination, body, parameters, len(items))
        case OffsetPages():
            following = _next_offset(pagination, body, parameters, len(items))
        case LinkHeaderPages():
            return Page(items, next_url=_absolute(link_target(response.headers.get("link", ""), "next"), url))
        case NextUrlPages():
            return Page(items, next_url=_absolute(compiled(pagination.url, "pagination.url").find(body), url))
        case _:
            assert_never(pagination)
    return Page(items, next_parameters=None if following is None else {**parameters, **following})


def _items(pagination: Pagination, body: JsonValue) -> list[JsonValue]:
    if pagination.items is None:
        if isinstance(body, list):
            return body
        if body is None:
            return []
        raise InvalidIntegrationConfig(
            "transform_config.pagination.items must say where the list is: the body is no list itself."
        )
    items = compiled(pagination.items, "pagination.items").search(body)
    if items is None:
        return []
    if not isinstance(items, list):
        raise UpstreamInvalidResponse(f"{pagination.items!r} finds no list in the service's answer.")
    return items


def _next_cursor(pages: CursorPages, body: JsonValue, parameters: JsonObject) -> JsonObject | None:
    if pages.more is not None and not is_true(compiled(pages.more, "pagination.more").find(body)):
        return None
    cursor = compiled(pages.cursor, "pagination.cursor").find(body)
    if not is_true(cursor):
        return None
    if cursor == parameters.get(pages.parameter):
        raise UpstreamInvalidResponse("The service names the same cursor for the next page as for this one.")
    return {pages.parameter: cursor}


def _next_number(
    pages: PageNumberPages, body: JsonValue, parameters: JsonObject, count: int
) -> JsonObject | None:
    number = _whole(parameters.get(pages.parameter), pages.first)
    if pages.more is not None:
        goes_on = is_true(compiled(pages.more, "pagination.more").find(body))
    elif pages.last is not None:
        goes_on = number < _whole(compiled(pages.last, "pagination.last").find(body), number)
    else:
        goes_on = _is_full(count, pages.size_parameter, parameters)
    return {pages.parameter: number + 1} if goes_on else None


def _next_offset(
    pages: OffsetPages, body: JsonValue, parameters: JsonObject, count: int
) -> JsonObject | None:
    following = _whole(parameters.get(pages.parameter), 0) + count
    if count == 0:
        return None
    if pages.more is not None:
        goes_on = is_true(compiled(pages.more, "pagination.more").find(body))
    elif pages.total is not None:
        goes_on = following < _whole(compiled(pages.total, "pagination.total").find(body), following)
    else:
        goes_on = _is_full(count, pages.size_parameter, parameters)
    return {pages.parameter: following} if goes_on else None


def _is_full(count: int, size_parameter: str | None, parameters: JsonObject) -> bool:
    """Whether a page has as many items as were asked for; where nobody asked for a number, whether it has any."""
    size = _whole(parameters.get(size_parameter), 1) if size_parameter else 1
    return count >= max(size, 1)


def _whole(value: JsonValue, default: int) -> int:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
        return int(value.strip()[:18])
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53:
        return int(value)
    return default


def _absolute(target: JsonValue, url: str) -> str | None:
    if target is None or target in ("", False):
        return None
    if not isinstance(target, str):
        raise UpstreamInvalidResponse("What the service gives as its next page's address is no text.")
    try:
        absolute = urljoin(url, target)
        is_http = urlsplit(absolute).scheme in ("http", "https")
    except ValueError:
        is_http = False
        absolute = ""
    if not is_http:
        raise UpstreamInvalidResponse("What the service gives as its next page's address is no URL.")
    if absolute == url:
        raise UpstreamInvalidResponse("The service names this page as its own next one.")
    return absolute
