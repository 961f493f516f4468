"""Arrays as PostgreSQL reads them from text (chapter "Arrays", "Array Input and Output Syntax").

psycopg's own dumper looks at every element twice in Python; on the way of every execution that was a tenth of its cost.
Here, nothing looks at one by itself.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from portway.domain.errors import MalformedRequest
from portway.domain.execution import ExecutionStatus

Scalar = bool | float | UUID | datetime | ExecutionStatus
_json = msgspec.json.Encoder().encode


def quoted(values: Sequence[str | None]) -> str:
    """An array of texts, or of what is written as text; None is NULL.

    Raises MalformedRequest for a text with the character U+0000, which none of PostgreSQL's can hold.
    """
    if None in values:
        elements = ",".join(["NULL" if value is None else quoted([value])[1:-1] for value in values])
        return f"{{{elements}}}"
    if not values:
        return "{}"
    joined = "\0".join(values)  # type: ignore[arg-type]  # none of them is None
    if joined.count("\0") >= len(values):
        raise MalformedRequest("The character U+0000 is not allowed.")
    elements = _escaped(joined).replace("\0", '","')
    return f'{{"{elements}"}}'


def plain(values: Sequence[Scalar | None]) -> str:
    """An array of values that JSON writes as PostgreSQL reads them, in brackets instead of braces; None is NULL."""
    return f"{{{_json(values)[1:-1].decode()}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
