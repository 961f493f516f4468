"""When an event is sent again, and where no event is sent."""

from datetime import UTC, datetime, timedelta

import pytest

from portway.domain.errors import MalformedRequest
from portway.domain.rules.webhook_delivery import check_webhook_url, is_gone, is_taken, next_attempt_at

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_pauses_are_those_of_the_specification() -> None:
    pauses = [next_attempt_at(attempts, NOW, 0) for attempts in range(1, 11)]
    assert pauses == [
        NOW + timedelta(seconds=5),
        NOW + timedelta(minutes=5),
        NOW + timedelta(minutes=30),
        *(NOW + timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
        None,
    ]


def test_what_failed_together_is_not_sent_again_together() -> None:
    assert next_attempt_at(2, NOW, 1.0) == NOW + timedelta(minutes=5, seconds=30)
    assert next_attempt_at(2, NOW, 0.5) == NOW + timedelta(minutes=5, seconds=15)
    assert next_attempt_at(99, NOW, 0.5) is None


@pytest.mark.parametrize(
    ("status", "taken", "gone"),
    [
        (199, False, False),
        (200, True, False),
        (204, True, False),
        (299, True, False),
        (302, False, False),
        (410, False, True),
        (500, False, False),
    ],
)
def test_what_an_answer_says(status: int, taken: bool, gone: bool) -> None:
    assert (is_taken(status), is_gone(status)) == (taken, gone)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hooks?tenant=7",
        "https://xn--mnchen-3ya.example:8443/a%20b",
        "http://localhost:9000/hook",
        "http://hooks.localhost/",
        "http://127.0.0.1/hook",
        "http://10.1.2.3:8080/hook",
        "http://[::1]/hook",
    ],
)
def test_addresses_that_events_are_sent_to(url: str) -> None:
    check_webhook_url(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://example.com/hook", "must begin with https://"),
        ("http://8.8.8.8/hook", "must begin with https://"),
        ("http://[2606:4700::1111]/", "must begin with https://"),
        ("http://127.0.0.1.example.com/", "must begin with https://"),
        ("ftp://example.com/", "must be a URL with https"),
        ("example.com/hook", "must be a URL with https"),
        ("https:///hook", "must be a URL with https"),
        ("https://exämple.com/", "percent-encoded"),
        ("https://example.com/a b", "percent-encoded"),
        ("https://example.com/\n", "percent-encoded"),
        ("https://ada:secret@example.com/", "neither a user name"),
        ("https://example.com/#there", "nor a fragment"),
        ("https://example.com:99999/", "is not a URL"),
        ("https://[::1/", "is not a URL"),
    ],
)
def test_addresses_that_are_refused(url: str, message: str) -> None:
    with pytest.raises(MalformedRequest) as refusal:
        check_webhook_url(url)
    (fault,) = refusal.value.faults
    assert fault.pointer == "/url"
    assert message in fault.message
    assert "secret" not in fault.message
