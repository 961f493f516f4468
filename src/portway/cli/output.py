"""Messages go to standard error; standard output is for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID


def tell(message: str) -> None:
    """A line for whoever looks on."""
    print(message, file=sys.stderr, flush=True)


def print_json(value: object) -> None:
    """One JSON document on one line of standard output. Knows UUIDs, paths and times with a zone beside JSON's own."""
    print(json.dumps(value, ensure_ascii=False, default=_plain), flush=True)


def print_table(headings: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """The named members of each row, in columns; a member that is None or absent stays empty."""
    cells = [[_shown(row.get(heading)) for heading in headings] for row in rows]
    lines = [[heading.upper().replace("_", " ") for heading in headings], *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip(),
            flush=True,
        )


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID | Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _shown(value: object) -> str:
    return "" if value is None else str(value)
