"""Integrations and actions, each one of its own, with just the members that matter."""

from typing import Any
from uuid import UUID, uuid4

from portway.domain.action import Action
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonValue

BASE_URL = "https://api.example"
ORIGIN = "https://api.example:443"
OAUTH2: dict[str, JsonValue] = {
    "authorization_url": "https://auth.example/authorize",
    "token_url": "https://auth.example/token",
    "scopes": ["read"],
    "clientIdEnv": "EXAMPLE_CLIENT_ID",
    "clientSecretEnv": "EXAMPLE_CLIENT_SECRET",
}
ENVIRONMENT = {
    "EXAMPLE_CLIENT_ID": "the-client",
    "EXAMPLE_CLIENT_SECRET": "the-client-secret",
    "PORTWAY_JWT_SECRET": "the-gateway's-own-secret",
}


def an_integration(
    auth_type: AuthType = AuthType.OAUTH2, *, organization_id: UUID | None = None, **members: Any
) -> Integration:
    """A global one unless it is an organization's; of type oauth2 it has all that a redirect needs."""
    integration_id = uuid4()
    config = dict(OAUTH2) if auth_type is AuthType.OAUTH2 else {}
    if organization_id is not None:
        config = {name: value for name, value in config.items() if not name.startswith("client")}
    return Integration(
        id=integration_id,
        **{
            "slug": f"service-{integration_id.hex[:12]}",
            "name": "Service",
            "base_url": BASE_URL,
            "auth_type": auth_type,
            "auth_config": config,
            "organization_id": organization_id,
            **members,
        },
    )


def an_action(integration: Integration, slug: str = "do-it", **members: Any) -> Action:
    """A GET of /things unless told otherwise."""
    return Action(
        id=uuid4(),
        integration_id=integration.id,
        slug=slug,
        **{"name": "Do it", "http_method": "GET", "endpoint_path": "/things", **members},
    )
