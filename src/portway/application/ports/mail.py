"""Sending mail."""

from dataclasses import dataclass, field
from typing import Protocol


class MailNotSent(Exception):
    """The mail server did not take the message."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A message in plain text to one address."""

    to: str
    subject: str
    text: str = field(repr=False)


class Mailer(Protocol):
    """Hands messages to a mail server."""

    async def send(self, mail: Mail) -> None:
        """Returns when the server has taken it. Raises MailNotSent."""
        ...
