"""The audit log as files: newline-delimited JSON, and CSV that spreadsheets can open without harm."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime

import msgspec

from portway.domain.execution import ExecutionLog

COLUMNS = tuple(member.name for member in fields(ExecutionLog))

_JSON_COLUMNS = frozenset({"request_payload", "response_payload"})
# What a spreadsheet would take for a formula (OWASP, CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def ndjson_lines(logs: Sequence[ExecutionLog]) -> bytes:
    """One JSON object a line."""
    return b"".join(msgspec.json.encode(log) + b"\n" for log in logs)


def csv_head() -> bytes:
    """The line with the names of the columns (RFC 4180)."""
    return _csv([COLUMNS])


def csv_lines(logs: Sequence[ExecutionLog]) -> bytes:
    """One line for each. Payloads are JSON within their field; what is null is empty."""
    return _csv([_field(name, getattr(log, name)) for name in COLUMNS] for log in logs)


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _field(name: str, value: object) -> str:
    if value is None:
        return ""
    if name in _JSON_COLUMNS:
        return _harmless(msgspec.json.encode(value).decode())
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else _harmless(str(value))


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
