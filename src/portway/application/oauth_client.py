"""Which OAuth client an integration is used with."""

from collections.abc import Mapping
from uuid import UUID

from portway.application.language.documents import auth_config
from portway.application.ports.credential_vault import CredentialVault, OrganizationClient
from portway.domain.credential import OAuthClient
from portway.domain.errors import Fault, InvalidIntegrationConfig, MalformedRequest
from portway.domain.integration import Integration

_OWN_PREFIX = "PORTWAY_"


def choose_client(
    integration: Integration, organizations_own: OAuthClient | None, environment: Mapping[str, str]
) -> OAuthClient:
    """The organization's own client, else the one in the environment variables that a global integration names.

    A tenant's integration may name no variable, and nobody's may name one of Portway's: its `token_url` would be sent
    the value. Raises InvalidIntegrationConfig for that, and where there is no client at all.
    """
    found = find_client(integration, organizations_own, environment)
    if found is None:
        named = _named(integration)
        variables = f", or set {' and '.join(named)} in the server's environment" if named else ""
        raise InvalidIntegrationConfig(
            f"No OAuth client is set for {integration.slug}: set one with "
            f"PUT /api/v2/integrations/{integration.slug}/oauth-client{variables}."
        )
    return found


def find_client(
    integration: Integration, organizations_own: OAuthClient | None, environment: Mapping[str, str]
) -> OAuthClient | None:
    """The same, None where there is no client: not every grant needs one."""
    named = _named(integration)
    if named and integration.organization_id is not None:
        raise InvalidIntegrationConfig(
            "auth_config.clientIdEnv and clientSecretEnv are for global integrations; set an OAuth client instead "
            f"(PUT /api/v2/integrations/{integration.slug}/oauth-client)."
        )
    if any(name.upper().startswith(_OWN_PREFIX) for name in named):
        raise InvalidIntegrationConfig(
            "auth_config.clientIdEnv and clientSecretEnv must not name one of Portway's own variables."
        )
    if organizations_own is not None:
        return organizations_own
    auth = auth_config(integration)
    client_id = environment.get(auth.clientIdEnv) if auth.clientIdEnv else None
    client_secret = environment.get(auth.clientSecretEnv) if auth.clientSecretEnv else None
    return OAuthClient(client_id, client_secret or None) if client_id else None


async def find_named_client(
    vault: CredentialVault,
    sealed_pass: str,
    integration: Integration,
    *,
    workspace_id: UUID,
    name: str | None,
    connection_id: UUID | None,
) -> OrganizationClient | None:
    """The organization's client of this name, by default that of the connection that is authorized again, else the one
    called `default`. Raises MalformedRequest where a name is given that no client has.
    """
    own = await vault.oauth_client(
        sealed_pass, workspace_id, integration.id, name=name, connection_id=connection_id
    )
    if own is None and name is not None:
        fault = Fault("/oauth_client", f"{integration.slug} has no OAuth client of this name.")
        raise MalformedRequest(faults=[fault])
    return own


def _named(integration: Integration) -> list[str]:
    auth = auth_config(integration)
    return [name for name in (auth.clientIdEnv, auth.clientSecretEnv) if name is not None]
