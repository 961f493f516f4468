"""How often something may be done."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestLimit:
    """At most `requests` in any `per_seconds` seconds."""

    requests: int
    per_seconds: int


@dataclass(frozen=True, slots=True)
class RateState:
    """How a limit stands: `remaining` of `limit` requests are left, and all of them again in `reset_seconds`, if
    nothing is done meanwhile.
    """

    limit: int
    remaining: int
    reset_seconds: float
