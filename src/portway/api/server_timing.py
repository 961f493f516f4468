"""Where the time of an execution went, for whoever asks: `Prefer: server-timing` (RFC 7240)."""

from portway.application.stopwatch import Stopwatch

STOPWATCH = "portway.stopwatch"
"""The key of an execution's stopwatch in its ASGI scope, for the metrics."""


def server_timing(stopwatch: Stopwatch, total: float) -> tuple[bytes, bytes]:
    """A Server-Timing field (W3C, Server Timing), in milliseconds; `total` in seconds."""
    own = total - stopwatch.opening - stopwatch.service - stopwatch.closing
    stages = {
        "open": stopwatch.opening,
        "service": stopwatch.service,
        "close": stopwatch.closing,
        "portway": max(own, 0.0),
        "total": total,
    }
    return b"server-timing", ", ".join(
        f"{name};dur={seconds * 1000:.2f}" for name, seconds in stages.items()
    ).encode()
