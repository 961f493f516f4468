"""Sends an event to a webhook, signed as the Standard Webhooks specification says."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec
from standardwebhooks.webhooks import Webhook as Signer

from portway.application.ports.clock import Clock
from portway.application.ports.http import OutgoingRequest, StreamedResponse, StreamingHttpClient
from portway.application.ports.webhooks import Attempt, DueDelivery, Outcome, WebhookOutbox
from portway.domain.errors import InvalidIntegrationConfig, PortwayError, UpstreamError, UpstreamTimeout
from portway.domain.rules.execution_logging import mask_literals
from portway.domain.rules.webhook_delivery import is_gone, is_taken, next_attempt_at

TIMEOUT_SECONDS = 15.0
MAX_ANSWER = 1024
"""How much of an answer's body is kept, in characters."""


class WebhookDelivery:
    """Makes attempts of deliveries, each of which may come twice: receivers look at `webhook-id`."""

    def __init__(
        self,
        outbox: WebhookOutbox,
        http: StreamingHttpClient,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._http = http
        self._clock = clock
        self._jitter = jitter

    async def deliver(self, delivery_id: UUID) -> None:
        """One attempt, if one is due. Raises Unavailable."""
        due = await self._outbox.begin(delivery_id)
        if due is not None:
            await self._outbox.record(delivery_id, await self._attempt(due))

    async def tidy(self) -> int:
        """Deletes what is old; returns how many events went. Raises Unavailable."""
        return await self._outbox.tidy()

    async def _attempt(self, due: DueDelivery) -> Attempt:
        attempted_at, began = self._clock(), time.monotonic()
        status_code = answer = error = None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                response = await self._http.open(
                    request_of(due, attempted_at), timeout_seconds=TIMEOUT_SECONDS, follow_redirects=False
                )
                status_code = response.status_code
                answer = _shown(await _beginning(response), due.secrets)
        except TimeoutError:
            error = UpstreamTimeout.code
        except InvalidIntegrationConfig:
            error = "invalid_url"
        except PortwayError as failure:
            error = failure.code
        attempt = Attempt(
            attempted_at=attempted_at,
            duration_ms=(time.monotonic() - began) * 1000,
            outcome=Outcome.DELIVERED,
            status_code=status_code,
            answer=answer,
        )
        if status_code is not None and is_taken(status_code):
            return attempt
        return self._failed(attempt, due, error or UpstreamError.code)

    def _failed(self, attempt: Attempt, due: DueDelivery, error: str) -> Attempt:
        if attempt.status_code is not None and is_gone(attempt.status_code):
            return replace(attempt, outcome=Outcome.GONE, error=error)
        again_at = next_attempt_at(due.attempts + 1, self._clock(), self._jitter())
        return replace(attempt, outcome=Outcome.FAILED, error=error, next_attempt_at=again_at)


def request_of(due: DueDelivery, now: datetime) -> OutgoingRequest:
    """The request of an attempt at this time: its body is always the same, its signatures are of the time."""
    body = msgspec.json.encode(
        {"type": due.event_type, "timestamp": due.occurred_at, "data": msgspec.Raw(due.data.encode())}
    )
    message_id = str(due.event_id)
    signatures = [Signer(secret).sign(message_id, now, body.decode()) for secret in due.secrets]
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    return OutgoingRequest("POST", due.url, headers, body)


async def _beginning(response: StreamedResponse) -> bytes:
    """As much of the body as is kept; what was answered counts, even where the rest breaks off."""
    read = bytearray()
    try:
        with suppress(PortwayError):
            async for piece in response.chunks():
                read += piece
                if len(read) >= MAX_ANSWER:
                    break
    finally:
        await response.close()
    return bytes(read[: 4 * MAX_ANSWER])


def _shown(body: bytes, secrets: tuple[str, ...]) -> str:
    text = str(mask_literals(body.decode(errors="replace"), secrets))
    return "".join(each for each in text if each.isprintable() or each in "\n\t")[:MAX_ANSWER]
