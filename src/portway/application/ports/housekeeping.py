"""What must be done to the data from time to time, whoever calls or not."""

from datetime import timedelta
from typing import Protocol


class Housekeeping(Protocol):
    """Each of these may be called by any number of nodes at any time; while one is at it, the others do nothing.

    Raise Unavailable where the database does not answer, or is too busy for it at the moment.
    """

    async def mark_unfinished_executions(self, age: timedelta) -> int:
        """Marks those `unknown` that were begun within `age` and whose deadline is past; returns how many."""
        ...

    async def delete_expired(self) -> int:
        """Deletes what is of no use any more: idempotency keys, sign-ins under way, sessions; returns how many."""
        ...

    async def create_log_partitions(self) -> None:
        """Makes the audit log's partitions of this month and the next three."""
        ...

    async def drop_expired_log_partitions(self) -> int:
        """Drops those that are older than the retention; returns how many."""
        ...

    async def roll_up_usage(self) -> int:
        """Counts an hour's executions; returns how many hours it counted, 0 where there is nothing left to do."""
        ...
