"""Which scope an action asks for, where a method of Google's names several of which one is enough."""

import re
from collections import Counter
from collections.abc import Iterable

from portway.application.importing.naming import shortened
from portway.infrastructure.importers.openapi_document import Json, items, text

_PREFIX = "https://www.googleapis.com/auth/"
_EVERYTHING = "cloud-platform"
_READING = frozenset({"GET", "HEAD"})
_READ_ONLY = re.compile(r"read[-_]?only")
# Scopes for a part of an account's things only: what add-ons see, what an app made itself, folders of its own, and
# what is known of things without their content.
_PARTIAL = re.compile(
    r"addons|app\.created|appdata|appfolder|owned|metadata|meet|photos|scripts|install|sharing"
)


class Scopes:
    """`descriptions` are those of the document, for people."""

    note = (
        "Of the scopes that Google names for a method one is enough, while an action needs all of its own: each has "
        "the narrowest that covers all it does, by the names and uses of the scopes. Where another one is granted, "
        "change the action's `scopes`"
    )

    def __init__(self, scopes: Json, methods: Iterable[Json]) -> None:
        self.descriptions = {
            scope: shortened(text(value, "description"), 300) or scope for scope, value in scopes.items()
        }
        self._uses = Counter(scope for method in methods for scope in _of(method))

    def narrowest(self, method: Json) -> tuple[str, ...]:
        """One, or none where the method names none.

        For reading the most general one that only reads. Else the one that the fewest methods take, and of those the
        shortest: `gmail.send` rather than `gmail.modify`.
        """
        accepted = _of(method)
        if not accepted:
            return ()
        whole = [scope for scope in accepted if not _PARTIAL.search(_short(scope))] or accepted
        if text(method, "httpMethod") in _READING:
            reading = [scope for scope in whole if _READ_ONLY.search(scope)]
            if reading:
                return (min(reading, key=lambda scope: (_EVERYTHING in scope, len(scope), scope)),)
        return (min(whole, key=lambda scope: (_EVERYTHING in scope, self._uses[scope], len(scope), scope)),)


def _of(method: Json) -> list[str]:
    return [scope for scope in items(method, "scopes") if isinstance(scope, str) and scope]


def _short(scope: str) -> str:
    return scope.removeprefix(_PREFIX)
