"""Page after page: the items of one, and how to ask for the next."""

import re
from dataclasses import dataclass
from typing import assert_never
from urllib.parse import quote, urldefrag, urljoin, urlsplit

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

_DIGITS = re.compile("[0-9]{1,15}")
# What stands for itself in a URL that is encoded already (RFC 3986).
_URL_CHARACTERS = ":/?#[]@!$&'()*+,;=%-._~"


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
) -> Page:
    """The page in `body`, which was asked for with the caller's `parameters` at `url`.

    Raises UpstreamInvalidResponse for a body without the list that the row promises, and for a service that names the
    same page as its own next; InvalidIntegrationConfig for a row that does not say where the list is.
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
            target = link_target(response.headers.get("link", ""), "next")
            return Page(items, next_url=_next_page_at(target, url))
        case NextUrlPages():
            found = compiled(pagination.url, "pagination.url").find(body)
            return Page(items, next_url=_next_page_at(found, url))
        case _:
            assert_never(pagination)
    return Page(items, next_parameters=None if following is None else {**parameters, **following})


def _items(pagination: Pagination, body: JsonValue) -> list[JsonValue]:
    if pagination.items is not None:
        body = compiled(pagination.items, "pagination.items").search(body)
    elif body is not None and not isinstance(body, list):
        raise InvalidIntegrationConfig(
            "transform_config.pagination.items must say where the list is: the service's answer is no list itself."
        )
    if body is None:
        # Services leave an empty list out.
        return []
    if not isinstance(body, list):
        raise UpstreamInvalidResponse(
            f"The service's answer has no list where transform_config.pagination.items ({pagination.items!r}) looks "
            "for it; see what the action answers without `paginate`."
        )
    return body


def _next_cursor(pages: CursorPages, body: JsonValue, parameters: JsonObject) -> JsonObject | None:
    if pages.more is not None and not _says_more(pages.more, body):
        return None
    cursor = compiled(pages.cursor, "pagination.cursor").find(body)
    if not is_true(cursor):
        return None
    if cursor == parameters.get(pages.parameter):
        raise UpstreamInvalidResponse("The service names the cursor of this page as that of the next one.")
    return {pages.parameter: cursor}


def _next_number(
    pages: PageNumberPages, body: JsonValue, parameters: JsonObject, count: int
) -> JsonObject | None:
    number = _number(parameters.get(pages.parameter), pages.first)
    last = _found_number(pages.last, "pagination.last", body)
    if pages.more is not None:
        goes_on = _says_more(pages.more, body)
    elif last is not None:
        goes_on = number < last
    else:
        goes_on = _is_full(count, pages.size_parameter, parameters)
    return {pages.parameter: number + 1} if goes_on else None


def _next_offset(
    pages: OffsetPages, body: JsonValue, parameters: JsonObject, count: int
) -> JsonObject | None:
    following = _number(parameters.get(pages.parameter), 0) + count
    total = _found_number(pages.total, "pagination.total", body)
    if count == 0:
        return None
    if pages.more is not None:
        goes_on = _says_more(pages.more, body)
    elif total is not None:
        goes_on = following < total
    else:
        goes_on = _is_full(count, pages.size_parameter, parameters)
    return {pages.parameter: following} if goes_on else None


def _says_more(expression: str, body: JsonValue) -> bool:
    return is_true(compiled(expression, "pagination.more").find(body))


def _found_number(expression: str | None, member: str, body: JsonValue) -> int | None:
    """The number, if the expression finds one."""
    return None if expression is None else _whole(compiled(expression, member).find(body))


def _is_full(count: int, size_parameter: str | None, parameters: JsonObject) -> bool:
    """Whether a page has as many items as were asked for; where nobody asked for a number, whether it has any."""
    size = _number(parameters.get(size_parameter), 1) if size_parameter else 1
    return count >= max(size, 1)


def _number(value: JsonValue, default: int) -> int:
    number = _whole(value)
    return default if number is None else number


def _whole(value: JsonValue) -> int | None:
    """A whole number, also one in a text."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53:
        return int(value)
    return None


def _next_page_at(target: JsonValue, url: str) -> str | None:
    """The target as an absolute URL, encoded. Raises UpstreamInvalidResponse for what is none, or is this page's."""
    if not is_true(target):
        return None
    try:
        absolute = _absolute(target, url) if isinstance(target, str) else None
    except ValueError:
        absolute = None
    if absolute is None:
        raise UpstreamInvalidResponse("What the service gives as its next page's address is no http(s) URL.")
    if absolute == url:
        raise UpstreamInvalidResponse("The service names this page as its own next one.")
    return absolute


def _absolute(target: str, url: str) -> str | None:
    """Raises ValueError for what cannot be read or encoded."""
    absolute = urldefrag(urljoin(url, target.strip())).url
    parts = urlsplit(absolute)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        return None
    # A user name and password would go out beside the connection's credential.
    return None if "@" in parts.netloc else quote(absolute, safe=_URL_CHARACTERS)
