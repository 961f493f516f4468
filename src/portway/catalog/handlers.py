"""All handlers, by the names that rows use."""

from portway.application.handlers.registry import HandlerRegistry
from portway.catalog.gmail.send_email import send_email
from portway.catalog.google_drive.upload_file import upload_file


def handlers() -> HandlerRegistry:
    """The registry. A handler beside these is added here, by hand."""
    return HandlerRegistry({"gmail.send_email": send_email, "google_drive.upload_file": upload_file})
