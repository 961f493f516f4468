"""Rule: what a sum of duration marks says. Each mark counts one execution by how long it took."""

from collections.abc import Iterator, Sequence

# As app.duration_mark makes them.
_DIGITS = 12
_NONE = "0" * _DIGITS
_STEPS_TO_DOUBLE = 16
_FIRST_STEP = -16  # of what takes half a millisecond, or less

ACCURACY = 2 ** (1 / _STEPS_TO_DOUBLE) - 1
"""How far a percentile may be off: all that is known of an execution is its step, which is 4.4 % wide."""


def percentiles(marks: str, fractions: Sequence[float]) -> list[float | None]:
    """The durations in milliseconds that these fractions of the executions, in ascending order, do not exceed; None
    where there are none.

    `marks` is the sum, written in decimal digits.
    """
    steps = list(_steps(marks))
    total = sum(count for _, count in steps)
    found: list[float | None] = []
    before = 0
    for step, count in steps:
        # Those of a step are taken for evenly spread over it.
        while len(found) < len(fractions) and (rank := fractions[len(found)] * (total - 1)) < before + count:
            part = min((rank - before + 0.5) / count, 1.0)
            found.append(2.0 ** ((_FIRST_STEP + step + part) / _STEPS_TO_DOUBLE))
        before += count
    return found or [None] * len(fractions)


def _steps(digits: str) -> Iterator[tuple[int, int]]:
    """Each step in which there are executions, and how many."""
    for step, end in enumerate(range(len(digits), 0, -_DIGITS)):
        counted = digits[max(end - _DIGITS, 0) : end]
        if counted != _NONE and (count := int(counted)):
            yield step, count
