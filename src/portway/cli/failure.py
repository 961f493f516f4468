"""What a command says when it cannot do its work."""

from portway.domain.errors import InvalidParameters, MalformedRequest, PortwayError


class CommandFailed(Exception):
    """The command ends with exit status 1; the message is one line for the user."""


def one_line(error: object) -> str:
    """The text without line breaks: drivers' messages have several lines."""
    return " ".join(str(error).split())


def refusal(error: PortwayError) -> str:
    """A domain error as one line: its code, what it says, and every fault."""
    parts = [f"{error.code}: {error.detail}"]
    if isinstance(error, MalformedRequest | InvalidParameters):
        parts += [f"{fault.pointer} {fault.message}" for fault in error.faults]
    return one_line(" ".join(parts))
