"""The sockets on which workers accept connections."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from portway.cli.failure import CommandFailed
from portway.cli.server import listener
from portway.cli.server.listener import is_on_loopback, listen, local_url, reserve


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "_PATIENCE_SECONDS", 0.0)


@pytest.fixture
def reserved() -> Iterator[socket.socket]:
    with reserve("127.0.0.1", 0) as found:
        yield found


def port_of(found: socket.socket) -> int:
    port: int = found.getsockname()[1]
    return port


def test_a_reserved_port_takes_no_connections_yet(reserved: socket.socket) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port_of(reserved)), timeout=5)


def test_all_sockets_accept_on_the_same_port(reserved: socket.socket) -> None:
    sockets = listen(reserved, 3)
    try:
        assert {port_of(found) for found in sockets} == {port_of(reserved)}
        for _ in range(20):
            socket.create_connection(("127.0.0.1", port_of(reserved)), timeout=5).close()
    finally:
        for found in sockets:
            found.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_nobody_else_gets_the_port(reserved: socket.socket, workers: int) -> None:
    sockets = listen(reserved, workers)
    try:
        with pytest.raises(CommandFailed, match=r"^port \d+ of 127\.0\.0\.1 is in use: .* --port$"):
            reserve("127.0.0.1", port_of(reserved))
    finally:
        for found in sockets:
            found.close()


def test_a_port_that_somebody_listens_on_meanwhile(reserved: socket.socket) -> None:
    with closing(socket.socket()) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(reserved.getsockname())
        other.listen()
        with pytest.raises(CommandFailed, match="is in use"):
            listen(reserved, 1)


@pytest.mark.parametrize(
    ("host", "complaint"), [("no-such-host.invalid", "cannot listen on"), ("192.0.2.1", "cannot")]
)
def test_an_address_that_is_not_ours(host: str, complaint: str) -> None:
    with pytest.raises(CommandFailed, match=complaint):
        reserve(host, 0)


def test_where_a_browser_on_this_machine_looks() -> None:
    with reserve("0.0.0.0", 0) as everywhere:
        assert local_url(everywhere) == f"http://127.0.0.1:{port_of(everywhere)}"
        assert not is_on_loopback(everywhere)
    with reserve("localhost", 0) as local:
        assert local_url(local).startswith(("http://127.0.0.1:", "http://[::1]:"))
        assert is_on_loopback(local)
