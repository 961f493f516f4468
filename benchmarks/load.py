"""Load by wrk, and what it saw."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).with_name("wrk.lua")


class WrkMissing(Exception):
    """There is no wrk, or it failed."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of wrk. `errors` are answers that were not 2xx or 3xx, and requests without an answer."""

    requests: int
    seconds: float
    errors: int
    p50_ms: float
    p99_ms: float
    bytes: int

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds if self.seconds else 0.0


def load(url: str, *, callers: int, seconds: float, requests: Path | None = None, offset: int = 0) -> Run:
    """Sends requests from `callers` connections, one after the other on each. `requests`: lines of token, tab, body."""
    program = shutil.which("wrk")
    if program is None:
        raise WrkMissing("wrk is missing: apt-get install nginx-light wrk")
    command = [program, "-t1", f"-c{callers}", f"-d{max(1, round(seconds))}s", "--timeout", "60s"]
    arguments = [str(requests), str(offset)] if requests else []
    done = subprocess.run(
        [*command, "-s", str(_SCRIPT), url, "--", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 120,
    )
    summaries = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not summaries:
        raise WrkMissing(f"wrk failed: {done.stderr or done.stdout}")
    return Run(**json.loads(summaries[-1]))
