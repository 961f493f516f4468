"""`send-email` and `create-draft`: the parameters as an RFC 5322 message."""

import asyncio

from portway.application.handlers.action_handler import ActionContext
from portway.application.ports.http import UpstreamResponse
from portway.catalog.gmail.delivery import MAX_FILES_BYTES, composed, delivery
from portway.catalog.gmail.email_parameters import Email, held_uploads, read_email
from portway.domain.json_value import JsonObject


async def send_email(context: ActionContext, parameters: JsonObject) -> UpstreamResponse:
    """Sends the message that `parameters` describe (see actions.yaml).

    Raises InvalidParameters for addresses, files and header fields that cannot be sent as they are.
    """
    message = await composed(await described_email(parameters))
    return await context.send(delivery(context, message, parameters.get("thread_id")))


async def create_draft(context: ActionContext, parameters: JsonObject) -> UpstreamResponse:
    """Keeps it as a draft instead, which may have no recipients yet. Raises the same."""
    message = await composed(await described_email(parameters, recipients_required=False))
    return await context.send(delivery(context, message, parameters.get("thread_id"), within="message"))


async def described_email(parameters: JsonObject, *, recipients_required: bool = True) -> Email:
    """What the parameters describe, with its files in memory. Raises InvalidParameters."""
    uploads = await held_uploads(parameters, MAX_FILES_BYTES)
    # Decoding files would hold up everybody else's calls too.
    return await asyncio.to_thread(
        read_email, parameters, uploads=uploads, recipients_required=recipients_required
    )
