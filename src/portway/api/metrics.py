"""Requests counted and timed by route."""

import os

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
from starlette.types import Scope

from portway.api.server_timing import STOPWATCH
from portway.application.stopwatch import Stopwatch

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


class RequestMetrics:
    """Counts requests and times them. Labels hold the route's template, and never a part of an address that a caller
    chose.

    `fixed` are the paths of raw ASGI routes, which are their own template.
    """

    def __init__(self, registry: CollectorRegistry, fixed: frozenset[str]) -> None:
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

        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

        self._stages = Histogram(
            "portway_execution_stage_duration_seconds",
            "What an execution waited for: opening and closing are the database's, service is the service's",
            ("stage",),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._opening, self._service, self._closing = (
            self._stages.labels(stage) for stage in ("opening", "service", "closing")
        )

    def observe(self, scope: Scope, status: int, duration: float) -> None:
        """A request that is over, after `duration` seconds."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        requests, seconds = self._of(method, self._route(scope), status)
        requests.inc()
        seconds.observe(duration)
        if STOPWATCH in scope:
            self._observe_stages(scope[STOPWATCH])

    def _observe_stages(self, stopwatch: Stopwatch) -> None:
        """A stage that was not come to, as of a request without a valid bearer, says nothing of how long it takes."""
        if not stopwatch.opening:
            return
        self._opening.observe(stopwatch.opening)
        if stopwatch.service:
            self._service.observe(stopwatch.service)
        if stopwatch.closing:
            self._closing.observe(stopwatch.closing)

    def _of(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """Finding them by their labels takes longer than counting."""
        found = self._known.get((method, route, status))
        if found is None:
            found = (self._requests.labels(method, route, status), self._seconds.labels(method, route))
            self._known[method, route, status] = found
        return found

    def _route(self, scope: Scope) -> str:
        if scope["path"] in self._fixed:
            return str(scope["path"])
        return str(getattr(scope.get("route"), "path", _UNMATCHED))


def exposition(registry: CollectorRegistry) -> bytes:
    """All metrics in the text format; of all workers, where PROMETHEUS_MULTIPROC_DIR makes them share theirs."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
