"""The `name=value` pairs of a query, a form or a Cookie header."""

from portway.application.language.transform_config import Location
from portway.application.requests.parameter_styles import Encode, encode_reserved, joined, members
from portway.application.requests.scalar_text import RefusedError, unicode_of
from portway.domain.json_value import JsonValue


class NamedPairs:
    """Pairs of several parameters. A name is one parameter's alone: a member of an object must not pass for another
    parameter, nor a parameter for what the row sets.
    """

    __slots__ = ("_encode", "_fixed", "_names", "written")

    def __init__(self, encode: Encode, fixed: frozenset[str] = frozenset()) -> None:
        """`fixed` are the names that the row sets, encoded."""
        self._encode = encode
        self._fixed = fixed
        self._names: set[str] = set()
        self.written: list[str] = []

    def add(self, name: str, value: JsonValue, location: Location) -> None:
        """Writes a parameter, which the service calls `name`. Raises RefusedError."""
        encode_value = encode_reserved if location.allow_reserved else self._encode
        own = set()
        for member, separator, texts in members(name, value, location.style, location.explode):
            key = self._encode(unicode_of(member))
            if key in self._fixed:
                raise RefusedError("is set by the action itself")
            if key in self._names:
                raise RefusedError("would be sent under the same name as another parameter")
            own.add(key)
            self.written.append(f"{key}={joined(separator, texts, encode_value)}")
        self._names |= own
