"""One attempt after the other: what is sent, and what each answer means."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from portway.application.ports.http import UpstreamResponse
from portway.application.ports.webhooks import Outcome
from portway.application.webhook_delivery import WebhookDelivery
from portway.domain.errors import (
    EgressBlocked,
    InvalidIntegrationConfig,
    UpstreamInvalidResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from tests.fakes.http_client import Answer, ComingAnswer, ScriptedHttpClient
from tests.fakes.webhook_outbox import InMemoryWebhookOutbox, StoredDelivery

SECRET = "whsec_" + "c2VjcmV0IG9mIDMyIGJ5dGVzIGZvciB0aGUgdGVzdHM="
OTHER = "whsec_" + "YW5vdGhlciBzZWNyZXQgb2YgMzIgYnl0ZXMgaW5kZWU="


class Arranged:
    """A delivery that is due, and a receiver that answers so."""

    def __init__(self, *answers: Answer, secrets: tuple[str, ...] = (SECRET,)) -> None:
        self.http = ScriptedHttpClient(*answers)
        self.outbox = InMemoryWebhookOutbox(lambda: self.now)
        self.now = datetime.now(UTC)
        self.id = self.outbox.add("https://hooks.example/in", secrets)
        self.service = WebhookDelivery(self.outbox, self.http, lambda: self.now, jitter=lambda: 0.0)

    @property
    def delivery(self) -> StoredDelivery:
        return self.outbox.deliveries[self.id]

    async def deliver(self) -> StoredDelivery:
        await self.service.deliver(self.id)
        return self.delivery


def answer(status: int, body: bytes = b"") -> UpstreamResponse:
    return UpstreamResponse(status, {}, body)


async def test_what_is_sent_is_what_is_signed() -> None:
    arranged = Arranged(answer(204))
    delivery = await arranged.deliver()
    assert delivery.status == "delivered"
    (sent,) = arranged.http.sent
    assert isinstance(sent.body, bytes)
    assert (sent.method, sent.url) == ("POST", "https://hooks.example/in")
    told = Webhook(SECRET).verify(sent.body, dict(sent.headers))
    assert told == {
        "type": "connection.created",
        "timestamp": delivery.due.occurred_at.isoformat().replace("+00:00", "Z"),
        "data": {"n": 1},
    }
    assert sent.headers["webhook-id"] == str(delivery.due.event_id)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(sent.body + b" ", dict(sent.headers))
    assert SECRET not in repr(delivery.due)


async def test_while_a_secret_is_being_replaced_both_sign() -> None:
    arranged = Arranged(answer(200), secrets=(OTHER, SECRET))
    await arranged.deliver()
    (sent,) = arranged.http.sent
    assert isinstance(sent.body, bytes)
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(sent.body, dict(sent.headers))


@pytest.mark.parametrize(
    ("failure", "error", "status"),
    [
        (answer(500), "upstream_error", 500),
        (answer(302), "upstream_error", 302),
        (answer(429), "upstream_error", 429),
        (UpstreamTimeout(), "upstream_timeout", None),
        (UpstreamUnreachable(), "upstream_unreachable", None),
        (UpstreamInvalidResponse(), "upstream_invalid_response", None),
        (EgressBlocked(), "egress_blocked", None),
        (InvalidIntegrationConfig(), "invalid_url", None),
    ],
)
async def test_what_fails_is_tried_again(failure: Answer, error: str, status: int | None) -> None:
    arranged = Arranged(failure, answer(200))
    delivery = await arranged.deliver()
    (attempt,) = delivery.log
    assert (delivery.status, attempt.error, attempt.status_code) == ("pending", error, status)
    assert delivery.next_attempt_at == arranged.now + timedelta(seconds=5)
    await arranged.deliver()  # it is not due
    assert len(arranged.http.sent) == 1
    arranged.now += timedelta(seconds=5)
    assert (await arranged.deliver()).status == "delivered"
    ids = {request.headers["webhook-id"] for request in arranged.http.sent}
    assert ids == {str(delivery.due.event_id)}


async def test_ten_attempts_over_three_days_are_the_end() -> None:
    arranged = Arranged(answer(503))
    began = arranged.now
    while (delivery := await arranged.deliver()).next_attempt_at is not None:
        arranged.now = delivery.next_attempt_at
    assert (delivery.status, delivery.attempts) == ("failed", 10)
    assert timedelta(days=3) < arranged.now - began < timedelta(days=4)
    assert delivery.endpoint.disabled_reason is None


async def test_410_disables_the_webhook() -> None:
    arranged = Arranged(answer(410, b"moved on"))
    delivery = await arranged.deliver()
    assert (delivery.status, delivery.endpoint.disabled_reason) == ("failed", "gone")
    assert delivery.log[0].outcome is Outcome.GONE


async def test_the_beginning_of_the_answer_is_kept_without_what_no_log_should_hold() -> None:
    body = f"you sent {SECRET}\x00\x1b[31m é ".encode() + b"\xff" + b"x" * 5000
    arranged = Arranged(answer(500, body))
    kept = (await arranged.deliver()).log[0].answer
    assert kept is not None
    assert kept.startswith("you sent [redacted]\ufffd[31m é ")
    assert len(kept) == 1024
    assert "\x00" not in kept


async def test_an_answer_counts_even_where_its_body_breaks_off() -> None:
    coming = ComingAnswer(answer(200), b"so f", breaks_off=UpstreamInvalidResponse())
    delivery = await Arranged(coming).deliver()
    assert (delivery.status, delivery.log[0].answer) == ("delivered", "so f")
    assert coming.closed


async def test_nothing_is_sent_for_a_delivery_that_is_gone() -> None:
    arranged = Arranged(answer(200))
    await arranged.service.deliver(uuid4())
    assert arranged.http.sent == []
