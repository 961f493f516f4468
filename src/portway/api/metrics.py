"""Requests counted and timed by route."""

import os
import time
from collections.abc import MutableMapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_UNMATCHED = "unmatched"


def new_registry() -> CollectorRegistry:
    """A registry that knows of the process itself: memory, CPU, open files, garbage collection."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


class MetricsMiddleware:
    """Counts and times. Labels hold the route's template and never a part of an address that a caller chose.

    `fixed` are the paths of raw ASGI routes, which are their own template.
    """

    def __init__(self, app: ASGIApp, registry: CollectorRegistry, fixed: frozenset[str]) -> None:
        self._app = app
        self._fixed = fixed
        self._requests = Counter(
            "portway_http_requests", "Answers given", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "portway_http_request_duration_seconds",
            "From the request's head to the last byte of its answer",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = time.perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = self._route(scope)
            self._requests.labels(method, route, status).inc()
            self._seconds.labels(method, route).observe(time.perf_counter() - began)

    def _route(self, scope: MutableMapping[str, Any]) -> str:
        if scope["path"] in self._fixed:
            return str(scope["path"])
        return str(getattr(scope.get("route"), "path", _UNMATCHED))


def exposition(registry: CollectorRegistry) -> bytes:
    """All metrics in the text format; of all workers, where PROMETHEUS_MULTIPROC_DIR makes them share theirs."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
