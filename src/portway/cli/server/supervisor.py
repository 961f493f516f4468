"""Keeps a number of workers running, and stops them without cutting off what they are at."""

import asyncio
import contextlib
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass

from portway.cli.failure import CommandFailed
from portway.cli.output import tell
from portway.cli.server import READY
from portway.domain.action import MAX_TIMEOUT_MS

# The longest call that a worker may have to finish, and a moment to write down how it went.
DRAIN_SECONDS = MAX_TIMEOUT_MS // 1000 + 5

_LONGEST_DELAY_SECONDS = 10.0
_STEADY_SECONDS = 10.0
_LAST_SECONDS = 5.0
# Ctrl-C reaches us and whoever started us, who may pass it on: that is one wish, not two.
_SAME_SIGNAL_SECONDS = 1.0
_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


@dataclass(frozen=True)
class Worker:
    """A started process and our end of the socket between us: it writes when it serves, and reads when we end."""

    process: asyncio.subprocess.Process
    channel: socket.socket

    async def serves(self) -> bool:
        """Waits until it serves; False where it ended before."""
        with contextlib.suppress(ConnectionError):
            return await asyncio.get_running_loop().sock_recv(self.channel, len(READY)) == READY
        return False

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal, if it still lives."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)


class Supervisor:
    """Workers accept on the listening sockets, with the environment given. One that dies is replaced.

    `on_ready` is called once, when all of them serve. `companion` runs beside them until they are stopped; where it
    raises, they are stopped as well.
    """

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        environment: Mapping[str, str],
        *,
        workers: int,
        on_ready: Callable[[], None],
        companion: Callable[[], Coroutine[None, None, None]] | None = None,
        trusted_proxies: str | None = None,
    ) -> None:
        self._listeners = listeners
        self._environment = environment
        self._number = workers
        self._on_ready = on_ready
        self._companion = companion
        self._trusted_proxies = trusted_proxies
        self._workers: set[Worker] = set()
        self._ready = 0
        self._stop = asyncio.Event()
        self._stopped_at = 0.0

    async def run(self) -> None:
        """Returns after SIGTERM, SIGINT or SIGHUP, when every worker has finished what it was at.

        A second signal cuts them off. Raises CommandFailed where a worker cannot start in the first place.
        """
        with self._signals():
            keepers = [asyncio.create_task(self._keep(number)) for number in range(self._number)]
            beside = [asyncio.create_task(self._companion())] if self._companion else []
            stopping = asyncio.create_task(self._stop.wait())
            try:
                await asyncio.wait({stopping, *keepers, *beside}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._stop.set()
                for task in beside:
                    task.cancel()
                await self._end(keepers)
            for outcome in await asyncio.gather(*keepers, *beside, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome

    async def _keep(self, number: int) -> None:
        delay = 0.0
        has_served = False
        while not self._stop.is_set():
            started = time.monotonic()
            worker = await self._start(self._listeners[number % len(self._listeners)])
            if await worker.serves():
                if not has_served:
                    self._note_ready()
                has_served = True
            status = await worker.process.wait()
            self._forget(worker)
            if self._stop.is_set():
                return
            if not has_served:
                raise CommandFailed(
                    f"the server did not start (exit status {status}); the lines above say why"
                )
            steady = time.monotonic() - started > _STEADY_SECONDS
            delay = 0.0 if steady else min(_LONGEST_DELAY_SECONDS, max(0.5, delay * 2))
            tell(f"A server process ended with status {status}; starting another.")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), delay)

    async def _start(self, listener: socket.socket) -> Worker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        inherited = (listener.fileno(), theirs.fileno())
        arguments = [
            f"--listener={inherited[0]}",
            f"--supervisor={inherited[1]}",
            f"--drain-seconds={DRAIN_SECONDS}",
            *([f"--trusted-proxies={self._trusted_proxies}"] if self._trusted_proxies else []),
        ]
        with theirs:
            # -P: a module that lies in the current directory must not take the place of one of ours. A session of
            # its own, because Ctrl-C is for the supervisor, who passes it on.
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "portway.cli.server.worker", *arguments),
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=inherited,
                start_new_session=True,
            )
        worker = Worker(process, ours)
        self._workers.add(worker)
        if self._stop.is_set():
            worker.send(signal.SIGTERM)
        return worker

    def _note_ready(self) -> None:
        self._ready += 1
        if self._ready == self._number and not self._stop.is_set():
            self._on_ready()

    def _forget(self, worker: Worker) -> None:
        self._workers.discard(worker)
        worker.channel.close()

    async def _end(self, keepers: Sequence[asyncio.Task[None]]) -> None:
        """Lets workers finish; one that does not, or that a second signal is for, ends at once."""
        for listener in self._listeners:
            listener.close()  # nobody shall wait for a worker that will not come
        for worker in self._workers:
            worker.send(signal.SIGTERM)
        _, late = await asyncio.wait(keepers, timeout=DRAIN_SECONDS + _LAST_SECONDS)
        if late:
            self._kill_all()
            await asyncio.wait(late)

    def _kill_all(self) -> None:
        for worker in self._workers:
            worker.send(signal.SIGKILL)

    def _on_signal(self) -> None:
        if not self._stop.is_set():
            self._stop.set()
            self._stopped_at = time.monotonic()
            tell("Stopping; what is in flight is finished first. Once more to cut it off.")
        elif time.monotonic() - self._stopped_at > _SAME_SIGNAL_SECONDS:
            self._kill_all()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        # Whoever starts us with nohup means us to outlive the terminal.
        ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set()
        for number in _SIGNALS - ignored:
            loop.add_signal_handler(number, self._on_signal)
        try:
            yield
        finally:
            for number in _SIGNALS - ignored:
                loop.remove_signal_handler(number)
                # What still has to be put away is done in a moment, and must not be cut off.
                signal.signal(number, signal.SIG_IGN)
