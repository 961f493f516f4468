"""Integrations and actions for tests, with just the members that matter."""

from itertools import count
from typing import Any
from uuid import UUID, uuid4

from portway.domain.action import Action
from portway.domain.integration import AuthType, Integration

INTEGRATION_ID = UUID("0190a000-0000-7000-8000-000000000001")
_versions = count(1)  # what is read of a row is kept by its id and version


def an_integration(
    base_url: str = "https://api.example", auth_type: AuthType = AuthType.NONE, **auth_config: Any
) -> Integration:
    return Integration(
        id=INTEGRATION_ID,
        slug="acme",
        name="Acme",
        base_url=base_url,
        auth_type=auth_type,
        auth_config=auth_config,
        version=next(_versions),
    )


def an_action(http_method: str = "GET", endpoint_path: str = "/things", **members: Any) -> Action:
    return Action(
        id=uuid4(),
        integration_id=INTEGRATION_ID,
        slug="do-it",
        name="Do it",
        http_method=http_method,
        endpoint_path=endpoint_path,
        **members,
    )
