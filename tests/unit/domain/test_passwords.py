"""The rule for passwords."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.domain.errors import MalformedRequest
from portway.domain.rules.passwords import check_password, normalized_password


@given(st.text(min_size=10, max_size=1000))
def test_any_ten_characters_will_do(password: str) -> None:
    check_password(password, "someone@example.com")


@pytest.mark.parametrize("password", ["", "x" * 9, "é" * 9, "x" * 1001])
def test_shorter_and_longer_ones_will_not(password: str) -> None:
    with pytest.raises(MalformedRequest) as caught:
        check_password(password, None)
    assert [fault.pointer for fault in caught.value.faults] == ["/password"]


def test_nor_will_the_address_in_whatever_case() -> None:
    with pytest.raises(MalformedRequest):
        check_password("Someone@Example.com", "someone@example.com")


@given(st.text())
def test_normalizing_twice_changes_nothing(password: str) -> None:
    assert normalized_password(normalized_password(password)) == normalized_password(password)


def test_every_way_to_type_it_is_the_same() -> None:
    assert normalized_password("Zu\u0308rich ﬁsh") == normalized_password("Z\u00fcrich fish")
