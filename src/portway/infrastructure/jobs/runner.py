"""Works off the job queue in the background of a server process; all processes and nodes share the work."""

import asyncio
import logging
from typing import TYPE_CHECKING
from uuid import UUID

from portway.application.webhook_delivery import TIMEOUT_SECONDS, WebhookDelivery
from portway.infrastructure.jobs.log import shorten_library_log
from portway.infrastructure.jobs.pool import jobs_pool

if TYPE_CHECKING:
    from procrastinate import App, JobContext

_log = logging.getLogger(__name__)

CONCURRENCY = 32
"""Jobs of one process at a time."""

# A new job is told by NOTIFY; those whose time comes, and all where a pooler keeps notifications away, are looked for.
_POLLING_SECONDS = 2.0
# A process that has said nothing for so long is dead, and its jobs are taken up by others.
_HEARTBEAT_SECONDS = 5.0
_DEAD_AFTER_SECONDS = 15.0
_EVERY_TWENTY_SECONDS = "* * * * * */20"
_EVERY_HOUR = "17 * * * *"
_KEEP_FAILED_JOBS_HOURS = 30 * 24
_PAUSE_SECONDS = 5.0


class JobRunner:
    """`url` is for the role portway_worker."""

    def __init__(self, url: str, deliveries: WebhookDelivery) -> None:
        self._url = url
        self._deliveries = deliveries

    async def run(self) -> None:
        """Works until it is cancelled; then finishes what is under way. Whatever fails is logged and begun anew."""
        while True:
            try:
                # It also ends by itself, when it lost its connections.
                await self._work()
            except Exception as error:  # noqa: BLE001 - whatever it is, the queue must be worked off
                _log.warning("the job queue failed: %s", type(error).__qualname__)
            # A failure while it ends, such as of a database that is away, takes the place of the cancellation.
            if _is_cancelled():
                return
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _work(self) -> None:
        pool = jobs_pool(self._url)
        try:
            await pool.open(wait=True)
            app = _queue(self._deliveries)
            await app.open_async(pool)
            await app.run_worker_async(
                concurrency=CONCURRENCY,
                listen_notify=await pool.can_listen(),
                fetch_job_polling_interval=_POLLING_SECONDS,
                update_heartbeat_interval=_HEARTBEAT_SECONDS,
                stalled_worker_timeout=_DEAD_AFTER_SECONDS,
                shutdown_graceful_timeout=TIMEOUT_SECONDS + _PAUSE_SECONDS,
                # Of a job that succeeded, the delivery tells all.
                delete_jobs="successful",
                install_signal_handlers=False,
            )
        finally:
            await pool.close()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _queue(deliveries: WebhookDelivery) -> "App":
    """The queue with its tasks."""
    # Here, because it takes a quarter of a second, which nobody should wait for who has no job to run.
    from procrastinate import App, PsycopgConnector, RetryStrategy  # noqa: PLC0415

    shorten_library_log()
    app = App(connector=PsycopgConnector())

    # A failure here is not the receiver's, whose time to come again is the delivery's own, but ours.
    @app.task(name="deliver_webhook", queue="webhooks", retry=RetryStrategy(max_attempts=100, wait=30))
    async def deliver_webhook(delivery_id: str) -> None:
        await deliveries.deliver(UUID(delivery_id))

    @app.periodic(cron=_EVERY_TWENTY_SECONDS)
    @app.task(
        name="take_up_stalled_jobs", queue="chores", queueing_lock="take_up_stalled_jobs", pass_context=True
    )
    async def take_up_stalled_jobs(context: "JobContext", timestamp: int) -> None:
        del timestamp
        manager = context.app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=_DEAD_AFTER_SECONDS):
            await manager.retry_job(job)

    @app.periodic(cron=_EVERY_HOUR)
    @app.task(name="tidy_events", queue="chores", queueing_lock="tidy_events", pass_context=True)
    async def tidy_events(context: "JobContext", timestamp: int) -> None:
        del timestamp
        if gone := await deliveries.tidy():
            _log.info("%s events are older than 30 days and deleted", gone)
        await context.app.job_manager.delete_old_jobs(
            nb_hours=_KEEP_FAILED_JOBS_HOURS,
            include_failed=True,
            include_cancelled=True,
            include_aborted=True,
        )

    return app
