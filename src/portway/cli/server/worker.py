"""One process that answers requests: `python -m portway.cli.server.worker`, started by the supervisor."""

import argparse
import contextlib
import gc
import logging.config
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable

import uvicorn

from portway.api.open_streams import BEFORE_STOPPING
from portway.cli.failure import one_line
from portway.cli.server import READY
from portway.cli.server.gathered_writes import GatheringProtocol
from portway.domain.errors import PortwayError
from portway.settings import SettingsError, load_settings

NOT_STARTED = 3

_APPLICATION = "portway.asgi:create_app"
# Longer than what stands before it (load balancers, mostly 60 s), so that no request meets a closing connection.
_KEEP_ALIVE_SECONDS = 75
_LAST_SECONDS = 10.0
_OBJECTS_BETWEEN_COLLECTIONS = 20_000


class Server(uvicorn.Server):
    """Tells when it serves."""

    def __init__(self, config: uvicorn.Config, *, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts the application, then accepts connections."""
        await super().startup(sockets=sockets)
        if self.started:
            _spare_the_garbage_collector()
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends what has no end of its own, then finishes what is in flight."""
        if end_streams := self.lifespan.state.get(BEFORE_STOPPING):
            end_streams()
        await super().shutdown(sockets=sockets)


def main() -> None:
    """Serves until SIGTERM, or until the supervisor is gone; then finishes what is in flight."""
    options = _options()
    listener = socket.socket(fileno=options.listener)
    supervisor = socket.socket(fileno=options.supervisor)
    _follow(supervisor, options.drain_seconds)
    try:
        settings = load_settings()
        _configure_logging(settings.log_level)
        config = _configuration(options.drain_seconds, options.trusted_proxies)
        server = Server(config, on_started=lambda: supervisor.sendall(READY))
        server.run(sockets=[listener])
    except (SettingsError, PortwayError) as error:
        print(f"portway: {one_line(error)}", file=sys.stderr)
        sys.exit(NOT_STARTED)
    if not server.started:
        sys.exit(NOT_STARTED)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="portway worker")
    parser.add_argument("--listener", type=int, required=True, help="a file descriptor")
    parser.add_argument("--supervisor", type=int, required=True, help="a file descriptor")
    parser.add_argument("--drain-seconds", type=int, required=True)
    parser.add_argument("--trusted-proxies")
    return parser.parse_args()


def _spare_the_garbage_collector() -> None:
    """What was made while starting lives as long as the process, and most of what an execution makes goes without the
    collector: to look for cycles at every 700th object took a twelfth of an execution's CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 20)


def _follow(supervisor: socket.socket, drain_seconds: float) -> None:
    """Ends this process when its supervisor is gone, however that went: nobody would stop it otherwise."""

    def wait_for_its_end() -> None:
        with contextlib.suppress(ConnectionError):
            supervisor.recv(1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(drain_seconds + _LAST_SECONDS)
        os._exit(1)

    threading.Thread(target=wait_for_its_end, name="follow-supervisor", daemon=True).start()


def _configuration(drain_seconds: int, trusted_proxies: str | None) -> uvicorn.Config:
    return uvicorn.Config(
        _APPLICATION,
        factory=True,
        loop="uvloop",
        http=GatheringProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        # Its lines would hold query strings, and those hold codes and tokens.
        access_log=False,
        server_header=False,
        proxy_headers=trusted_proxies is not None,
        forwarded_allow_ips=trusted_proxies or "",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=drain_seconds,
    )


def _configure_logging(level: str) -> None:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"level": level.upper(), "handlers": ["stderr"]},
            # Starting and stopping is the supervisor's to tell.
            "loggers": {"uvicorn": {"level": "INFO" if level == "debug" else "WARNING"}},
        }
    )


if __name__ == "__main__":
    main()
