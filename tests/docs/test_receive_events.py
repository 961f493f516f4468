"""docs/how-to/receive-events.md: its receiver, and an event that it prints."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.documents import codes
from tests.docs.reader import Reader

DOCUMENT = "docs/how-to/receive-events.md"
ADDRESS, RECEIVER = "http://127.0.0.1:8000", "127.0.0.1:9000"


class Receiver:
    """The document's program, on a port of its own; it needs the secret that making the webhook shows."""

    def __init__(self, directory: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self._log = directory / "received.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, secret: str) -> None:
        (program,) = codes(DOCUMENT, "python")
        assert '("127.0.0.1", 9000)' in program
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", program.replace("9000", str(self.port))],
                env=os.environ | {"WEBHOOK_SECRET": secret},
                stdout=log,
            )
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def printed(self, wanted: str) -> str:
        """What it has printed, once that is there."""
        for _ in range(200):
            if wanted in (text := self._log.read_text()):
                return text
            time.sleep(0.1)
        raise AssertionError(self._log.read_text())


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    found = Receiver(tmp_path)
    yield found
    found.stop()


def test_the_receiver_prints_what_happens(first_call: Reader, receiver: Receiver) -> None:
    make, test, list_deliveries = (
        command.replace(ADDRESS, "$GATEWAY").replace(RECEIVER, f"127.0.0.1:{receiver.port}")
        for command in codes(DOCUMENT, "sh")
    )
    made = json.loads(first_call.run(make))
    receiver.start(made["secret"])
    sent = json.loads(first_call.run(test.replace("$WEBHOOK", made["id"])))
    receiver.printed(f"webhook.test {{'webhook_id': '{made['id']}'")

    integration = "portway connections create --user ada@example.com --integration httpbin --name Second"
    connection = json.loads(first_call.run(integration))["connection_id"]
    printed = receiver.printed("connection.created")
    assert connection in printed
    assert "'connection_name': 'Second'" in printed

    shown = json.loads(first_call.run(list_deliveries.replace("$WEBHOOK", made["id"])))["data"]
    assert [row["event_type"] for row in shown] == ["connection.created", "webhook.test"]
    assert (shown[1]["id"], shown[1]["status"], shown[1]["status_code"]) == (sent["id"], "delivered", 204)
