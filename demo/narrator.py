"""What the tour says in the terminal: numbered steps, requests, answers, audit rows, and what they prove."""

import json
import os
import re
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any, TextIO

_WIDTH = 110
_WIDTHS = (80, 120)
_INDENT = " " * 4
_LONGEST_TEXT = 60
_LONGEST_LIST = 5
_LONGEST_PART = 200
_SECRET_MEMBERS = frozenset({"password", "access_token", "refresh_token", "token", "api_key", "state"})
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COLOURS = {"bold": "1", "dim": "2", "green": "32", "red": "31", "cyan": "36"}


class Narrator:
    """Writes to `out`, in colours where it is a terminal (unless NO_COLOR is set).

    Members that hold a secret are masked in all that is shown, and so is, wherever it stands, what `hide` was given.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._coloured = out.isatty() and not os.environ.get("NO_COLOR")
        self._width = _terminal_width() if out.isatty() else _WIDTH
        self._hidden: set[str] = set()
        self._number = 0

    @property
    def hidden(self) -> frozenset[str]:
        """The secrets that are never shown."""
        return frozenset(self._hidden)

    def hide(self, *secrets: str) -> None:
        """Never shows these from now on."""
        self._hidden.update(secrets)

    def show(self, secret: str) -> None:
        """Hides it no longer."""
        self._hidden.discard(secret)

    def title(self, text: str) -> None:
        """The name of it all, or of a part that is no step."""
        self._line(f"\n{self._paint(text, 'bold')}")

    def step(self, title: str) -> None:
        """The next step begins."""
        self._number += 1
        self._line(f"\n{self._paint(f'{self._number:2}  {title}', 'bold')}")

    def text(self, text: str) -> None:
        """Prose, wrapped."""
        for line in textwrap.wrap(text, self._width - len(_INDENT)):
            self._line(_INDENT + line)

    def sql(self, statement: str) -> None:
        """A statement, as one would type it."""
        self.code(f"{textwrap.dedent(statement).strip()};")

    def code(self, text: str) -> None:
        """Lines as they are."""
        for line in text.splitlines():
            self._line(f"{_INDENT}  {self._paint(line, 'cyan')}")

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Cells in columns, as wide as they need."""
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self._line(f"{_INDENT}  {'  '.join(cells)}".rstrip())

    def request(self, method: str, address: str, body: Any = None) -> None:
        """What is sent, in short."""
        self._value(
            f"{_INDENT}{self._paint('→', 'dim')} {method} {address}  ", shortened(body, short_ids=True)
        )

    def answer(self, status: str, body: Any) -> None:
        """What comes back, in short."""
        self._value(f"{_INDENT}{self._paint('←', 'dim')} {status}  ", shortened(body))

    def audit(self, row: dict[str, Any]) -> None:
        """The audit row of an execution: how it went, and the payloads as they are kept."""
        names = ("executed_at", "status", "error_code", "status_code", "attempts", "duration_ms")
        facts = [f"{name} {_rounded(row[name])}" for name in names if row.get(name) is not None]
        self._line(f"{_INDENT}{self._paint('audit', 'dim')}  {'  '.join(facts)}")
        for name in ("request_payload", "response_payload"):
            if row.get(name) is not None:
                text = f"{_INDENT}  {name}  {_json(shortened(row[name]))}"
                self._line(text if len(text) <= self._width else f"{text[: self._width - 1]}…")

    def proved(self, text: str) -> None:
        """Something was checked and is so."""
        first, *rest = textwrap.wrap(text, self._width - len(_INDENT) - 2)
        self._line(f"{_INDENT}{self._paint('✓', 'green')} {first}")
        for line in rest:
            self._line(f"{_INDENT}  {line}")

    def failed(self, text: str) -> None:
        """What went wrong."""
        self._line(f"\n{_INDENT}{self._paint('✗', 'red')} {text}")

    def excerpt(self, title: str, text: str) -> None:
        """The end of a log."""
        self._line(f"\n{self._paint(title, 'bold')}")
        for line in text.strip().splitlines() or ["(nothing)"]:
            self._line(f"  | {line}")

    def _value(self, head: str, value: Any) -> None:
        if value is None:
            self._line(head.rstrip())
        elif len(head) + len(_json(value)) <= self._width:
            self._line(head + _json(value))
        else:
            self._line(head.rstrip())
            for line in laid_out(value, self._width - 2 * len(_INDENT)):
                self._line(2 * _INDENT + line)

    def _line(self, text: str) -> None:
        for secret in self._hidden:
            text = text.replace(secret, "[hidden]")
        print(text, file=self._out, flush=True)

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._coloured else text


def shortened(value: Any, *, short_ids: bool = False, depth: int = 0) -> Any:
    """A copy without secrets, with long texts and lists cut, and without what is long and deep inside."""
    if depth > 1 and isinstance(value, dict | list) and len(_json(value)) > _LONGEST_PART:
        smaller = shortened(value, short_ids=short_ids)
        return smaller if len(_json(smaller)) <= _LONGEST_PART else f"… {len(value)} members"
    if isinstance(value, dict):
        return {
            key: "…" if key in _SECRET_MEMBERS else shortened(member, short_ids=short_ids, depth=depth + 1)
            for key, member in value.items()
        }
    if isinstance(value, list):
        more = [f"… {len(value)} in all"] if len(value) > _LONGEST_LIST else []
        return [
            shortened(item, short_ids=short_ids, depth=depth + 1) for item in value[:_LONGEST_LIST]
        ] + more
    return _shortened_text(value, short_ids=short_ids) if isinstance(value, str) else value


def _shortened_text(text: str, *, short_ids: bool) -> str:
    if text.startswith(("http://", "https://")):
        address, question, _ = text.partition("?")
        return f"{address}?…" if question else text
    if short_ids and _UUID.fullmatch(text):
        return f"…{text[-6:]}"
    if len(text) > _LONGEST_TEXT:
        return f"{text[: _LONGEST_TEXT - 24]}… ({len(text):,} characters)"
    return text


def _rounded(value: Any) -> Any:
    return round(value, 1) if isinstance(value, float) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def laid_out(value: Any, width: int) -> list[str]:
    """Lines of JSON: what fits in one line stays in one, and a list or object begins its own line."""
    if len(_json(value)) <= width or not isinstance(value, dict | list) or not value:
        return [_json(value)]
    named = (
        [(f"{_json(key)}: ", member) for key, member in value.items()]
        if isinstance(value, dict)
        else [("", item) for item in value]
    )
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    lines: list[str] = []
    own_line = True
    for index, (name, member) in enumerate(named, start=1):
        parts = [
            (" " * len(name) if number else name) + part
            for number, part in enumerate(laid_out(member, width - len(name) - 2))
        ]
        parts[-1] += "," if index < len(named) else closing
        is_nested = isinstance(member, dict | list) and bool(member)
        if own_line or is_nested or len(lines[-1]) + len(parts[0]) + 2 > width:
            lines += parts
        else:
            lines[-1] += f" {parts[0]}"
        own_line = is_nested
    return [f"{' ' if number else opening}{line}" for number, line in enumerate(lines)]


def _terminal_width() -> int:
    narrowest, widest = _WIDTHS
    return min(max(shutil.get_terminal_size().columns, narrowest), widest)
