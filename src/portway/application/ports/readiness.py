"""Whether what the gateway stands on is there."""

from collections.abc import Mapping
from typing import Protocol


class Readiness(Protocol):
    """Looks at the parts that every request needs. Never raises."""

    async def check(self) -> Mapping[str, str]:
        """For each part `ok`, or in a few words what is the matter."""
        ...
