"""Lists by keyset: a page begins after the last row of the one before, however the list has changed since."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from fastapi import Query

from portway.api.wire import Page
from portway.application.ports.catalog_records import ListPosition
from portway.domain.errors import Fault, MalformedRequest

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_RANK = 1_000_000

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many entries at most")]
Cursor = Annotated[
    str | None, Query(max_length=500, description="The `next_cursor` of the page before; opaque")
]

Row = TypeVar("Row")
Item = TypeVar("Item")


def encode_cursor(*key: str) -> str:
    """The sort key of a page's last row as an opaque word."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def decode_cursor(cursor: str, parts: int) -> tuple[str, ...]:
    """The key that `encode_cursor` was given. Raises MalformedRequest for anything else."""
    try:
        encoded = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = msgspec.json.decode(encoded, type=tuple[str, ...])
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise not_a_cursor() from error
    if len(key) != parts or any("\0" in part for part in key):
        raise not_a_cursor()
    return key


def after_id(cursor: str | None) -> UUID | None:
    """The row that a page comes after, in a list sorted by id. Raises MalformedRequest."""
    if cursor is None:
        return None
    try:
        return UUID(decode_cursor(cursor, 1)[0])
    except ValueError as error:
        raise not_a_cursor() from error


def place_key(position: ListPosition) -> tuple[str, str, str]:
    """The key of a row in a list of the catalog."""
    return str(position.rank), position.slug, str(position.id)


def after_place(cursor: str | None) -> ListPosition | None:
    """The row that a page comes after, in a list of the catalog. Raises MalformedRequest."""
    if cursor is None:
        return None
    rank, slug, last = decode_cursor(cursor, 3)
    try:
        position = ListPosition(int(rank), slug, UUID(last))
    except ValueError as error:
        raise not_a_cursor() from error
    if not 0 <= position.rank <= MAX_RANK:
        raise not_a_cursor()
    return position


def page_of(
    rows: Sequence[Row], limit: int, shown: Callable[[Row], Item], key: Callable[[Row], tuple[str, ...]]
) -> Page[Item]:
    """A page of at most `limit` of the rows. Ask the repository for `limit` + 1: one more says that there is a next."""
    kept = rows[:limit]
    more = len(rows) > limit
    return Page(
        data=[shown(row) for row in kept], next_cursor=encode_cursor(*key(kept[-1])) if more else None
    )


def not_a_cursor() -> MalformedRequest:
    """The error for a cursor of another list, or of none."""
    return MalformedRequest(faults=[Fault("/query/cursor", "This is not a cursor of this list.")])
