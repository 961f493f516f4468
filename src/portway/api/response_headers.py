"""Header fields that keep browsers from doing what nobody meant."""

from collections.abc import Iterable

# An answer of the API is data: nothing in it is to be run, shown in a frame, or kept.
_DEFAULTS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
_TWO_YEARS = b"max-age=63072000"


class DefaultFields:
    """Those that every answer has, unless it sets them itself."""

    def __init__(self, *, https: bool) -> None:
        self._fields = list(
            (_DEFAULTS | ({b"strict-transport-security": _TWO_YEARS} if https else {})).items()
        )
        self._names = frozenset(name for name, _ in self._fields)

    def beside(self, own: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """An answer's own fields, and these."""
        fields = list(own)
        present = dict(fields)
        if self._names.isdisjoint(present):
            return fields + self._fields
        return fields + [entry for entry in self._fields if entry[0] not in present]
