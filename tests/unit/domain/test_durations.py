"""Percentiles from a sum of marks."""

import math
import random

import pytest

from portway.domain.rules.durations import ACCURACY, percentiles

FRACTIONS = (0.0, 0.25, 0.5, 0.95, 0.99, 1.0)


def marks(durations: list[float]) -> str:
    """As app.duration_mark and sum() make them."""
    return str(sum(10 ** (12 * max(math.floor(16 * math.log2(one)) + 16, 0)) for one in durations))


@pytest.mark.parametrize("number", [1, 2, 3, 40, 5000])
def test_they_are_as_near_as_is_said(number: int) -> None:
    chance = random.Random(number)
    durations = sorted(chance.lognormvariate(4, 2) + 0.6 for _ in range(number))
    exact = [durations[int(fraction * (number - 1))] for fraction in FRACTIONS]
    assert percentiles(marks(durations), FRACTIONS) == pytest.approx(exact, rel=ACCURACY)


def test_many_of_one_duration_stay_in_their_step() -> None:
    found = percentiles(marks([100.0] * 1_000_000), FRACTIONS)
    assert found == pytest.approx([100.0] * len(FRACTIONS), rel=ACCURACY)
    assert found == sorted(value for value in found if value is not None)


def test_of_none_there_is_none() -> None:
    assert percentiles("0", (0.5, 0.95)) == [None, None]


def test_what_is_shorter_than_the_first_step_is_in_it() -> None:
    assert percentiles(marks([0.001, 0.2]), (0.5,)) == pytest.approx([0.5], rel=ACCURACY)
