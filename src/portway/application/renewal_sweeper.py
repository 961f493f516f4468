"""Renews what is about to expire, even where nobody calls."""

import asyncio
import logging
import random
from collections.abc import Callable

from portway.application.ports.renewals import RefreshLease, Release, Renewable, Renewals
from portway.application.renewer import LEASE_SECONDS, Renewer, Sleep
from portway.domain.errors import PortwayError

_log = logging.getLogger(__name__)

# Much shorter than the margin before the end of a usual token, so that an idle connection's never expires.
SWEEP_SECONDS = 10.0
_CONCURRENCY = 8


class RenewalSweeper:
    """One in each process; over all of them, the lease of a connection is one's only.

    Sweeps come by chance up to a quarter earlier or later, and no more than `concurrency` renewals are under way at a
    time: after a long stop, the authorization servers are not asked for everything at once.
    """

    def __init__(
        self,
        renewals: Renewals,
        renewer: Renewer,
        *,
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        concurrency: int = _CONCURRENCY,
    ) -> None:
        self._renewals = renewals
        self._renewer = renewer
        self._sleep = sleep
        self._chance = chance
        self._concurrency = concurrency
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Works until it is cancelled, and then finishes what is under way: it may bring the only valid token.

        A sweep that fails is logged and tried again.
        """
        try:
            while True:
                await self._sleep(SWEEP_SECONDS * (0.75 + self._chance() / 2))
                await self._attempt()
        finally:
            while self._under_way:
                await asyncio.wait(self._under_way)

    async def sweep(self) -> None:
        """Renews until nothing is due any more."""
        while True:
            free = self._concurrency - len(self._under_way)
            for target, lease in await self._renewals.lease_due(free, LEASE_SECONDS) if free else ():
                task = asyncio.create_task(self._renew(target, lease))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            if not self._under_way:
                return
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def _attempt(self) -> None:
        try:
            await self.sweep()
        except Exception as error:  # noqa: BLE001 - whatever it is, the sweeps must go on
            _log.warning(
                "looking for tokens that are about to expire failed: %s: %s", type(error).__name__, error
            )

    async def _renew(self, target: Renewable, lease: RefreshLease) -> None:
        try:
            # Else what is wrong with a row would be tried again at once.
            await self._renewer.renew(target, lease, where_misconfigured=Release.FAILED)
        except PortwayError as error:
            _log.info("a renewal of connection %s failed: %s", target.connection_id, error)
        except Exception:  # noqa: BLE001 - one connection's trouble is not the others'
            _log.exception("a renewal of connection %s failed unexpectedly", target.connection_id)
