"""All handlers, by the names that rows use."""

from functools import cache

from portway.application.handlers.action_handler import ActionHandler
from portway.application.handlers.http_request import http_request
from portway.application.handlers.registry import HandlerRegistry
from portway.catalog.gmail.forward import forward
from portway.catalog.gmail.get_message import get_message
from portway.catalog.gmail.reply import reply
from portway.catalog.gmail.send_email import create_draft, send_email
from portway.catalog.google_drive.download_file import download_file
from portway.catalog.google_drive.upload_file import upload_file
from portway.catalog.plugins import load_plugins
from portway.catalog.slack import upload_file as slack
from portway.catalog.smtp import send_email as smtp
from portway.domain.builtin_actions import HTTP_REQUEST_HANDLER

SHIPPED: dict[str, ActionHandler] = {
    "gmail.create_draft": create_draft,
    "gmail.forward": forward,
    "gmail.get_message": get_message,
    "gmail.reply": reply,
    "gmail.send_email": send_email,
    "google_drive.download_file": download_file,
    "google_drive.upload_file": upload_file,
    HTTP_REQUEST_HANDLER: http_request,
    "slack.upload_file": slack.upload_file,
    "smtp.send_email": smtp.send_email,
}
"""Those of Portway itself. One beside these is added here, by hand."""


@cache
def handlers() -> HandlerRegistry:
    """The registry: SHIPPED, and what other distributions bring. Loaded once for each process.

    Raises Conflict.
    """
    plugins = load_plugins(SHIPPED)
    return HandlerRegistry(SHIPPED | plugins.handlers, plugins.broken)
