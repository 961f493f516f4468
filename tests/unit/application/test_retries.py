"""When a request may be sent again, and after how long."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.language.transform_config import Retry
from portway.application.retries import (
    delay_seconds,
    idempotency_key_header,
    may_repeat,
    retry_after_seconds,
)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_an_idempotent_method_may_be_repeated_and_needs_no_key(method: str) -> None:
    assert may_repeat(method, Retry())
    assert idempotency_key_header(method, Retry(idempotency_header="Idempotency-Key")) is None


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_another_one_only_where_the_row_says_that_it_is_safe(method: str) -> None:
    assert not may_repeat(method, Retry())
    assert may_repeat(method, Retry(idempotent=True))
    keyed = Retry(idempotency_header="Idempotency-Key")
    assert may_repeat(method, keyed)
    assert idempotency_key_header(method, keyed) == "Idempotency-Key"


def test_waits_double_with_jitter_up_to_the_longest() -> None:
    retry = Retry(first_delay_ms=100, max_delay_ms=400)
    for failures, longest in ((1, 0.1), (2, 0.2), (3, 0.4), (4, 0.4), (9, 0.4)):
        for _ in range(50):
            assert longest / 2 <= delay_seconds(retry, failures) <= longest


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({}, None), ({"retry-after": "7"}, 7.0), ({"retry-after": " 0 "}, 0.0), ({"retry-after": "soon"}, None),
     ({"retry-after": "-1"}, None), ({"retry-after": ""}, None), ({"retry-after": "1.5"}, None),
     ({"retry-after": "Mon, 01 Jan 2001 00:00:00 GMT"}, 0.0),
     ({"retry-after": "Mon, 01 Jan 99999999999 00:00:00 GMT"}, None), ({"retry-after": "٣"}, None)],
)  # fmt: skip
def test_what_the_service_asks_for(headers: Mapping[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds


def test_a_date_in_the_future() -> None:
    headers = {"retry-after": format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)}
    assert 28 <= (retry_after_seconds(headers) or 0) <= 31
    assert 28 <= delay_seconds(Retry(), 1, headers) <= 31


@given(st.text(max_size=60))
def test_whatever_it_says_is_a_number_of_seconds_or_nothing(value: str) -> None:
    seconds = retry_after_seconds({"retry-after": value})
    assert seconds is None or seconds >= 0
