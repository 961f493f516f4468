"""What is worked out once for each version of a row."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

_MAX_KEPT = 4096


class PerVersion(Generic[Value]):
    """Values, but None, by their rows' ids and versions. The one used longest ago makes room, and is worked out
    anew if needed.
    """

    def __init__(self, max_kept: int = _MAX_KEPT) -> None:
        self._max_kept = max_kept
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value for a key. What `make` raises is not kept."""
        value = self._kept.get(key)
        if value is not None:
            self._kept.move_to_end(key)
            return value
        value = self._kept[key] = make()
        if len(self._kept) > self._max_kept:
            self._kept.popitem(last=False)
        return value
