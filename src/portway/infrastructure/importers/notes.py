"""What a person should look at: the same thing is said once, with how often it is so and where first."""

from collections import Counter


class Notes:
    """Collects what is said of a document."""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def add(self, what: str, where: str = "") -> None:
        """`what` is a sentence without its full stop."""
        self._count[what] += 1
        self._first.setdefault(what, where)

    def sentences(self) -> tuple[str, ...]:
        """All of it, in the order in which it came up."""
        return tuple(self._sentence(what, count) for what, count in self._count.items())

    def _sentence(self, what: str, count: int) -> str:
        first = self._first[what]
        if not first:
            return f"{what}."
        return f"{what}: {first}." if count == 1 else f"{what}: {count} times, first {first}."
