"""What a command says when it cannot do its work."""


class CommandFailed(Exception):
    """The command ends with exit status 1; the message is one line for the user."""


def one_line(error: object) -> str:
    """The text without line breaks: drivers' messages have several lines."""
    return " ".join(str(error).split())
