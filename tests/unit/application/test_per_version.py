"""What is kept for each version of a row."""

import pytest

from portway.application.per_version import PerVersion


def test_a_value_is_made_once_for_each_version() -> None:
    kept: PerVersion[str] = PerVersion()
    made: list[int] = []

    def make() -> str:
        made.append(1)
        return f"value {len(made)}"

    assert [kept.get(("row", 1), make) for _ in range(3)] == ["value 1"] * 3
    assert kept.get(("row", 2), make) == "value 2"


def test_the_one_used_longest_ago_makes_room() -> None:
    kept: PerVersion[int] = PerVersion(max_kept=2)
    for key in ("a", "b", "a", "c"):
        kept.get(key, lambda: 1)
    assert kept.get("a", lambda: 2) == 1
    assert kept.get("b", lambda: 2) == 2


def test_a_failure_is_not_kept() -> None:
    kept: PerVersion[int] = PerVersion()

    def fail() -> int:
        raise ValueError

    with pytest.raises(ValueError):
        kept.get("a", fail)
    assert kept.get("a", lambda: 3) == 3
