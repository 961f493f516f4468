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
        "stands for every item or member",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class _Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="op"):
    """One step. What is not there is left alone, unless the operation says otherwise."""


class Rename(_Operation, frozen=True, tag="rename"):
    """Gives `parameter` another name, where it is: `labels` -> `labelNames`."""

    parameter: Place
    to: Name


class Move(_Operation, frozen=True, tag="move"):
    """Moves `parameter` to another place, whose objects are made: `subject` -> `/message/subject`."""

    parameter: Place
    to: Place


class Nest(_Operation, frozen=True, tag="nest"):
    """Puts several parameters under one: `{"a": 1, "b": 2}` -> `{"fields": {"a": 1, "b": 2}}`.

    Without `parameters`, all but those in `keep`.
    """

    to: Place
    parameters: tuple[Name, ...] | UnsetType = msgspec.UNSET
    keep: tuple[Name, ...] = ()


class Remove(_Operation, frozen=True, tag="remove"):
    """Removes `parameter`: one that only a template needed, for example."""

    parameter: Place


class Constant(_Operation, frozen=True, tag="constant"):
    """Sets `parameter`, over whatever it was."""

    parameter: Place
    value: Any


class Default(_Operation, frozen=True, tag="default"):
    """Sets `parameter` where it is absent; null is a value."""

    parameter: Place
    value: Any


class WrapArray(_Operation, frozen=True, tag="wrap_array"):
    """A row becomes a table: `[1, 2, 3]` -> `[[1, 2, 3]]`, `5` -> `[[5]]`; a table stays as it is."""

    parameter: Place


class Join(_Operation, frozen=True, tag="join"):
    """A list of scalars becomes a text: `["a", "b"]` -> `"a,b"`."""

    parameter: Place
    separator: str = ","


class Split(_Operation, frozen=True, tag="split"):
    """A text becomes a list, without spaces around its items and without empty ones: `"a, b"` -> `["a", "b"]`."""

    parameter: Place
    separator: Annotated[str, Meta(min_length=1)] = ","


class ToString(_Operation, frozen=True, tag="to_string"):
    """A number or boolean becomes a text as JSON writes it: `5` -> `"5"`, `true` -> `"true"`."""

    parameter: Place


class JsonEncode(_Operation, frozen=True, tag="json_encode"):
    """Any value becomes a text with its JSON in it: the object `{"a": 1}` becomes the text `{"a":1}`."""

    parameter: Place


class Base64Encode(_Operation, frozen=True, tag="base64_encode"):
    """A text becomes the base64 of its UTF-8 (RFC 4648, section 4)."""

    parameter: Place


class Base64UrlEncode(_Operation, frozen=True, tag="base64url_encode"):
    """A text becomes the base64url of its UTF-8, without padding (RFC 4648, section 5)."""

    parameter: Place


class FormatDate(_Operation, frozen=True, tag="format_date"):
    """An RFC 3339 time (or date, or seconds since 1970) becomes what the service wants."""

    parameter: Place
    format: Literal["unix", "unix_ms", "date", "rfc3339", "rfc5322", "iso8601_basic"]


class OmitEmpty(_Operation, frozen=True, tag="omit_empty"):
    """Removes parameters that are null, `""`, `[]` or `{}`; without `parameters`, all such."""

    parameters: tuple[Place, ...] | UnsetType = msgspec.UNSET


class Template(_Operation, frozen=True, tag="template"):
    """Sets `parameter` to a text made of others: `"{first} {last}"`. `{{` is a brace. Where one of them is absent,
    nothing is set.
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
