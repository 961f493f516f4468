"""Where a worker's time goes under load, drawn by py-spy."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.cpu import descendants
from benchmarks.load import load
from benchmarks.measure import Bench

_SAMPLES_PER_SECOND = 250
_PY_SPY = Path(sys.executable).with_name("py-spy")


class ProfilerFailed(Exception):
    """py-spy could not look into the process; the message has its words."""


def flame_graph(bench: Bench, requests: Path, drawing: Path, *, seconds: float) -> None:
    """Writes an SVG of where the first worker was while 32 callers kept it busy. Raises ProfilerFailed.

    Samples are taken without stopping the worker: those that stop it are taken at system calls too often.
    """
    worker = _worker(bench.gateway_pids[0])
    with ThreadPoolExecutor(1) as beside:
        warm_up = load(bench.execute_url, callers=32, seconds=3, requests=requests)
        under_load = beside.submit(
            load,
            bench.execute_url,
            callers=32,
            seconds=seconds + 2,
            requests=requests,
            offset=warm_up.requests,
        )
        done = subprocess.run(
            [
                _PY_SPY, "record", "--pid", str(worker), "--duration", str(max(1, round(seconds))),
                "--rate", str(_SAMPLES_PER_SECOND), "--nonblocking", "--format", "flamegraph",
                "--output", str(drawing),
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        under_load.result()
    if done.returncode:
        raise ProfilerFailed(f"py-spy: {done.stderr.strip()[-500:]}")


def _worker(supervisor: int) -> int:
    for pid in descendants(supervisor):
        if b"portway.cli.server.worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise ProfilerFailed("there is no worker")
