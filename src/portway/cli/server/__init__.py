"""The server's processes: workers that answer requests, and the one that keeps them running."""

READY = b"ready"
"""What a worker tells its supervisor once it serves."""
