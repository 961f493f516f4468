"""One gateway for all documents: the one that the README's first call starts."""

import socket
from collections.abc import Iterator

import pytest

from tests.docs.documents import blocks
from tests.docs.reader import Reader
from tests.e2e.upstreams import Upstream


@pytest.fixture(scope="session")
def service() -> Iterator[Upstream]:
    """Stands for every service that the documents name; it tells what it was sent."""
    with Upstream() as running:
        yield running


@pytest.fixture(scope="session")
def first_call(tmp_path_factory: pytest.TempPathFactory, service: Upstream) -> Iterator[Reader]:
    """A reader who has done what the README's "First call" says."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    directory = tmp_path_factory.mktemp("reader")
    substitutions = {
        "make install && . .venv/bin/activate": ":",
        "portway up": f"portway up --port {port}",
        "127.0.0.1:8000": f"127.0.0.1:{port}",
        "https://httpbin.org": service.url,
    }
    variables = {
        "PORTWAY_DATA_DIR": str(directory / "data"),
        "PORTWAY_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
        "GATEWAY": f"http://127.0.0.1:{port}",
    }
    with Reader(directory, substitutions, variables) as reader:
        reader.follow(blocks("README.md", "First call"))
        yield reader
