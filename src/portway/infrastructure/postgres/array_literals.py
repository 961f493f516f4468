"""Arrays as PostgreSQL reads them from text (chapter "Arrays", "Array Input and Output Syntax").

psycopg's own dumper looks at every element twice in Python; on the way of every execution that was a tenth of its cost.
"""

from collections.abc import Iterable


def quoted(values: Iterable[str | None]) -> str:
    """An array of texts of any content, or of what is written as text; None is NULL."""
    return f"{{{','.join('NULL' if value is None else _quote(value) for value in values)}}}"


def bare(values: Iterable[object]) -> str:
    """An array of numbers, booleans, UUIDs or the like, whose text needs no quotes; None is NULL."""
    return f"{{{','.join('NULL' if value is None else str(value) for value in values)}}}"


def _quote(value: str) -> str:
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    if '"' in value:
        value = value.replace('"', '\\"')
    return f'"{value}"'
