"""The operations on parameters that a row may name in `transform_config.parameters`: `{"op": "wrap_array", ...}`."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta, UnsetType

Place = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        description="A parameter's name, or with a slash in front a JSON Pointer (RFC 6901) into one, in which `*` "
        "stands for every item or member, where an operation changes, renames or removes what is there",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class _Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="op"):
    """One step. What is not there is left alone, unless the operation says otherwise; so is null where a value would
    be changed.
    """


class Rename(_Operation, frozen=True, tag="rename"):
    """Gives `parameter` another name, where it is: `labels` -> `labelNames`. It replaces one that has this name."""

    parameter: Place
    to: Name


class Move(_Operation, frozen=True, tag="move"):
    """Moves `parameter` to another place, over whatever is there: `subject` -> `/message/subject`. Objects on the way
    are made.
    """

    parameter: Place
    to: Place


class Nest(_Operation, frozen=True, tag="nest"):
    """Puts several parameters under one: `{"a": 1, "b": 2}` -> `{"fields": {"a": 1, "b": 2}}`.

    Without `parameters`, all but those in `keep`. Where there is such an object already, they join it; where none of
    them is there, nothing is made.
    """

    to: Place
    parameters: tuple[Name, ...] | UnsetType = msgspec.UNSET
    keep: tuple[Name, ...] = ()


class Remove(_Operation, frozen=True, tag="remove"):
    """Removes `parameter`: one that only a template needs, for example."""

    parameter: Place


class Constant(_Operation, frozen=True, tag="constant"):
    """Sets `parameter`, over whatever it was. Objects on the way are made."""

    parameter: Place
    value: Any


class Default(_Operation, frozen=True, tag="default"):
    """Sets `parameter` where it is absent; null is a value. Objects on the way are made."""

    parameter: Place
    value: Any


class WrapArray(_Operation, frozen=True, tag="wrap_array"):
    """A row becomes a table: `[1, 2, 3]` -> `[[1, 2, 3]]`, `5` -> `[[5]]`; a table stays as it is."""

    parameter: Place


class Join(_Operation, frozen=True, tag="join"):
    """A list of texts, numbers and booleans becomes a text: `["a", 1]` -> `"a,1"`. What is no list, but one of these,
    stays as it is.
    """

    parameter: Place
    separator: str = ","


class Split(_Operation, frozen=True, tag="split"):
    """A text becomes a list, without spaces around its items and without empty ones: `"a, b"` -> `["a", "b"]`. A list
    stays as it is; a number or boolean is taken as JSON writes it.
    """

    parameter: Place
    separator: Annotated[str, Meta(min_length=1)] = ","


class ToString(_Operation, frozen=True, tag="to_string"):
    """A number or boolean becomes a text as JSON writes it: `5` -> `"5"`, `true` -> `"true"`. A text stays."""

    parameter: Place


class JsonEncode(_Operation, frozen=True, tag="json_encode"):
    """Any value becomes a text with its JSON in it, without spaces: the object `{"a": 1}` becomes the text `{"a":1}`.
    An uploaded file cannot be in it.
    """

    parameter: Place


class Base64Encode(_Operation, frozen=True, tag="base64_encode"):
    """A text becomes the base64 of its UTF-8 (RFC 4648, section 4)."""

    parameter: Place


class Base64UrlEncode(_Operation, frozen=True, tag="base64url_encode"):
    """A text becomes the base64url of its UTF-8, without padding (RFC 4648, section 5)."""

    parameter: Place


class FormatDate(_Operation, frozen=True, tag="format_date"):
    """A time becomes what the service wants, in UTC. It is a text as RFC 3339 has it (`2026-11-25T13:00:00+01:00`), a
    date (its first moment in UTC), or a number of seconds since 1970.

    `unix`: whole seconds since 1970. `unix_ms`: milliseconds. `date`: `2026-11-25`. `rfc3339`: `2026-11-25T12:00:00Z`,
    with microseconds where there are any. `rfc5322`: `Wed, 25 Nov 2026 12:00:00 GMT`, as in HTTP and mail.
    `iso8601_basic`: `20261125T120000Z`. What is finer than the format has place for is cut off.
    """

    parameter: Place
    format: Literal["unix", "unix_ms", "date", "rfc3339", "rfc5322", "iso8601_basic"]


class OmitEmpty(_Operation, frozen=True, tag="omit_empty"):
    """Removes those of `parameters` that are null, `""`, `[]` or `{}`; without `parameters`, all top-level ones."""

    parameters: tuple[Place, ...] | UnsetType = msgspec.UNSET


class Template(_Operation, frozen=True, tag="template"):
    """Sets `parameter`, over whatever it was, to a text made of top-level parameters: `"{first} {last}"`. Numbers and
    booleans are written as JSON writes them. `{{` and `}}` are braces. Where one of them is absent or null, nothing is
    set.
    """

    parameter: Place
    template: Annotated[str, Meta(min_length=1, max_length=10_000)]


InPlaceOperation: TypeAlias = (
    WrapArray | Join | Split | ToString | JsonEncode | Base64Encode | Base64UrlEncode | FormatDate
)
"""What changes a value where it is."""

Operation: TypeAlias = (
    Rename | Move | Nest | Remove | Constant | Default | OmitEmpty | Template | InPlaceOperation
)
