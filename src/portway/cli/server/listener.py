"""The sockets on which workers accept connections."""

import errno
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address

from portway.cli.failure import CommandFailed, one_line

_BACKLOG = 2048
# As long as workers whose supervisor was killed take to let the port go.
_PATIENCE_SECONDS = 1.5


def reserve(host: str, port: int) -> socket.socket:
    """Binds the address without listening yet, so that nobody connects before there is a server.

    Port 0 takes any that is free. Raises CommandFailed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise CommandFailed(f"cannot listen on {host}: {error.strerror}") from error
    # Where a name has addresses of both kinds, IPv4 is what clients try everywhere.
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        _patiently(partial(listener.bind, address), host, port)
    except CommandFailed:
        listener.close()
        raise
    return listener


def listen(reserved: socket.socket, number: int) -> list[socket.socket]:
    """Lets clients connect, and returns that many sockets to accept them on, the given one first.

    On Linux the kernel spreads connections over them. Workers that share one socket share badly: whoever wakes first
    takes what waits, and then has nearly all of a pool's connections for as long as they live. Elsewhere there is
    only the one. Raises CommandFailed where another program began to listen there meanwhile.
    """
    host, port = reserved.getsockname()[:2]
    sockets = [reserved]
    if number > 1 and sys.platform == "linux":
        # Only now: with this from the start, another program of ours could have taken half of the connections.
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        for _ in range(number - 1):
            another = socket.socket(reserved.family, reserved.type)
            sockets.append(another)
            another.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            another.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            another.bind(reserved.getsockname())
    for listener in sockets:
        _patiently(partial(listener.listen, _BACKLOG), host, port)
    return sockets


def local_url(listener: socket.socket) -> str:
    """Where a browser on this machine finds the server."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 -- every address, so the loopback one too
        host = "127.0.0.1" if listener.family == socket.AF_INET else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_on_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can connect."""
    return ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def _patiently(action: Callable[[], None], host: str, port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return action()
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            raise CommandFailed(_explanation(error, host, port)) from error


def _explanation(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use: stop that program, or choose another port with --port"
    if error.errno == errno.EACCES:
        return f"port {port} is for privileged programs: choose one above 1023 with --port"
    return f"cannot listen on {host}, port {port}: {one_line(error.strerror)}"
