"""Arrays as PostgreSQL reads them from text (chapter "Arrays", "Array Input and Output Syntax").

psycopg's own dumper looks at every element twice in Python; on the way of every execution that was a tenth of its cost.
Here, nothing looks at one by itself.
"""

from collections.abc import Sequence
from typing import cast


def quoted(values: Sequence[str | None]) -> str:
    """An array of texts of any content, or of what is written as text; None is NULL."""
    if None in values:
        return bare([None if value is None else quoted([value])[1:-1] for value in values])
    # No text in PostgreSQL holds U+0000. Where one of these does, the array becomes too long, and is refused for that.
    elements = _escaped("\0".join(cast("Sequence[str]", values))).replace("\0", '","')
    return f'{{"{elements}"}}' if values else "{}"


def bare(values: Sequence[object]) -> str:
    """An array of numbers, booleans, UUIDs or the like, whose text needs no quotes; None is NULL."""
    return f"{{{','.join(['NULL' if value is None else str(value) for value in values])}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
