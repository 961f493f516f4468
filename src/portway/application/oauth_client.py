"""Which OAuth client an integration is used with."""

from collections.abc import Mapping

from portway.domain.credential import OAuthClient
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import Integration

_OWN_PREFIX = "PORTWAY_"


def choose_client(
    integration: Integration, organizations_own: OAuthClient | None, environment: Mapping[str, str]
) -> OAuthClient:
    """The organization's own client, else the one in the environment variables that a global integration names.

    A tenant's integration may name no variable, and nobody's may name one of Portway's: its `token_url` would be sent
    the value. Raises InvalidIntegrationConfig for that, and where there is no client at all.
    """
    names = [integration.auth_config.get(member) for member in ("clientIdEnv", "clientSecretEnv")]
    named = [name for name in names if name is not None]
    if named and integration.organization_id is not None:
        raise InvalidIntegrationConfig(
            "auth_config.clientIdEnv and clientSecretEnv are for global integrations; set an OAuth client instead "
            f"(PUT /api/v2/integrations/{integration.slug}/oauth-client)."
        )
    for name in named:
        if not isinstance(name, str) or name.upper().startswith(_OWN_PREFIX):
            raise InvalidIntegrationConfig(
                "auth_config.clientIdEnv and clientSecretEnv must not name one of Portway's own variables."
            )
    if organizations_own is not None:
        return organizations_own
    client_id, client_secret = (environment.get(name) if isinstance(name, str) else None for name in names)
    if not client_id:
        variables = f", or set {' and '.join(map(str, named))} in the server's environment" if named else ""
        raise InvalidIntegrationConfig(
            f"No OAuth client is set for {integration.slug}: set one with "
            f"PUT /api/v2/integrations/{integration.slug}/oauth-client{variables}."
        )
    return OAuthClient(client_id, client_secret or None)
