"""Liveness, readiness and metrics."""

from typing import Literal

from fastapi import APIRouter, Response

from portway.api.metrics import CONTENT_TYPE, exposition
from portway.api.services import CurrentServices
from portway.api.wire import Output

router = APIRouter(tags=["Health"])


class HealthOutput(Output):
    """The process runs."""

    status: Literal["ok"] = "ok"


class ReadinessOutput(Output):
    """Whether requests can be served, and for each part `ok` or what is the matter."""

    status: Literal["ready", "unavailable"]
    checks: dict[str, str]


@router.get("/healthz")
async def healthz() -> HealthOutput:
    """Whether the process is alive. Asks nothing else."""
    return HealthOutput()


@router.get("/readyz", responses={503: {"model": ReadinessOutput}})
async def readyz(services: CurrentServices, response: Response) -> ReadinessOutput:
    """Whether the database answers and has this version's migrations."""
    checks = await services.readiness.check()
    ready = all(state == "ok" for state in checks.values())
    response.status_code = 200 if ready else 503
    return ReadinessOutput(status="ready" if ready else "unavailable", checks=dict(checks))


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(services: CurrentServices) -> Response:
    """Metrics in Prometheus' text format."""
    return Response(exposition(services.registry), media_type=CONTENT_TYPE)
