"""A plain proxy in Python: uvicorn and the client of aiohttp. Like Portway, it depends on the interpreter."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException

import aiohttp
import uvicorn
from starlette.types import Receive, Scope, Send

_START_SECONDS = 10.0
_STOP_SECONDS = 10.0


class PythonProxyFailed(Exception):
    """It does not answer as it should."""


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
        _check_that_it_answers(port)
        yield port, process.pid
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _check_that_it_answers(port: int) -> None:
    """Its socket listens already, so a request waits until the proxy has started, or fails where that ends."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_START_SECONDS)
    try:
        connection.request("GET", "/items/17")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        raise PythonProxyFailed("the proxy in Python does not answer; its words are above") from error
    finally:
        connection.close()
    if status != 200:
        raise PythonProxyFailed(f"the proxy in Python answers with {status}; its words are above")


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
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listener)])


if __name__ == "__main__":
    main()
