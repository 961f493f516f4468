"""HTML from templates: whatever is put into one is escaped, unless it is HTML already."""

import html
from collections.abc import Iterable


class Html(str):
    """A text that is HTML."""

    __slots__ = ()


NOTHING = Html("")


def fill(template: str, **values: str) -> Html:
    """The template with a value at each `{name}`, also inside of quoted attributes."""
    return Html(
        template.format_map(
            {name: value if isinstance(value, Html) else html.escape(value) for name, value in values.items()}
        )
    )


def joined(parts: Iterable[Html]) -> Html:
    """One after the other."""
    return Html("".join(parts))
