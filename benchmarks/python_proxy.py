"""The least that a gateway in Python does: uvicorn and aiohttp, and nothing between them.

nginx finds all that it needs in a processor's caches, and an interpreter does not, so that a proxy in C tells little of
what another processor does to Portway. This one is moved as Portway is.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import uvicorn
from starlette.types import Receive, Scope, Send

_STOP_SECONDS = 10.0


class PythonProxyFailed(Exception):
    """It ended by itself."""


class PassingOn:
    """An ASGI application that asks a service for what it is asked for."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reads the whole answer, and gives it back."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with self._session.get(self._service + scope["path"]) as answer:
            body = await answer.read()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@contextmanager
def python_proxy(service_port: int) -> Iterator[tuple[int, int]]:
    """Such a proxy in front of this port; its own port and process id."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", __name__, str(service_port), str(listener.fileno())]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])
    try:
        yield port, process.pid
        if process.poll() is not None:
            raise PythonProxyFailed("the proxy in Python ended; its words are above")
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)


def main() -> None:
    """`python -m benchmarks.python_proxy PORT LISTENER`: the service's port, and a listening socket's number."""
    service_port, listener = map(int, sys.argv[1:])
    config = uvicorn.Config(
        PassingOn(f"http://127.0.0.1:{service_port}"),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listener)])


if __name__ == "__main__":
    main()
