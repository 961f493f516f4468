"""What the routes work with: use cases and settings, made by the composition root."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from portway.application.authenticator import Authenticator
from portway.application.ports.readiness import Readiness
from portway.application.ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class Services:
    """All that the API needs of the rest.

    `public_url` is where users reach the gateway, without a slash at the end. `registry` collects the metrics of the
    whole process.
    """

    unit_of_work: UnitOfWorkFactory
    authenticator: Authenticator
    readiness: Readiness
    registry: CollectorRegistry
    public_url: str


def _services(request: Request) -> Services:
    found = request.app.state.services
    assert isinstance(found, Services)  # noqa: S101 - create_app put it there
    return found


CurrentServices = Annotated[Services, Depends(_services)]
"""A handler's parameter of this type gets the services."""
