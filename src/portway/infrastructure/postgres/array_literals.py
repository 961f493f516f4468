"""Arrays as PostgreSQL reads them from text (chapter "Arrays", "Array Input and Output Syntax").

psycopg's own dumper looks at every element twice in Python; on the way of every execution that was a tenth of its cost.
Here, nothing looks at one by itself.
"""

from collections.abc import Sequence
from typing import cast

from portway.domain.errors import MalformedRequest


def quoted(values: Sequence[str | None]) -> str:
    """An array of texts, or of what is written as text; None is NULL.

    Raises MalformedRequest for a text with the character U+0000, which none of PostgreSQL's can hold.
    """
    if None in values:
        return bare([None if value is None else quoted([value])[1:-1] for value in values])
    if not values:
        return "{}"
    joined = "\0".join(cast("Sequence[str]", values))
    if joined.count("\0") >= len(values):
        raise MalformedRequest("The character U+0000 is not allowed.")
    elements = _escaped(joined).replace("\0", '","')
    return f'{{"{elements}"}}'


def bare(values: Sequence[object]) -> str:
    """An array of numbers, booleans, UUIDs or the like, whose text needs no quotes; None is NULL."""
    return f"{{{','.join(['NULL' if value is None else str(value) for value in values])}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
