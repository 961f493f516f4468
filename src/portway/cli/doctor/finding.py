"""What the doctor has to say."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """`broken` makes the command fail; `warning` is for the reader to judge."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it stands, and what to do about it where something is to be done."""

    check: str
    status: Status
    message: str
    advice: str | None = None


def fine(check: str, message: str) -> Finding:
    """Nothing is to be done."""
    return Finding(check, Status.OK, message)


def warning(check: str, message: str, advice: str) -> Finding:
    """It works, with a drawback."""
    return Finding(check, Status.WARNING, message, advice)


def broken(check: str, message: str, advice: str) -> Finding:
    """It does not work, or does not protect."""
    return Finding(check, Status.BROKEN, message, advice)
