"""What the library says, as lines of our own log."""

import logging

_log = logging.getLogger(__name__)


class LibraryLog(logging.Handler):
    """One line for a record: that a database went away is no fault of ours, and needs no stack."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes it again, with the kind of its error."""
        message = " ".join(record.getMessage().split())
        error = record.exc_info[1] if record.exc_info else None
        kind = f" ({type(error).__qualname__})" if error is not None else ""
        _log.log(record.levelno, "%s%s", message, kind)


def shorten_library_log() -> None:
    """From here on. Below a warning there is a line for each step of each job, which nobody reads."""
    library = logging.getLogger("procrastinate")
    library.setLevel(logging.WARNING)
    library.propagate = False
    library.handlers = [LibraryLog()]
