"""Connections on the wire."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec.structs import asdict
from pydantic import Field, StrictBool, StringConstraints

from portway.api.definition_wire import JsonObjectInput, OAuthClientName, absent
from portway.api.wire import Input, Name, Output
from portway.application.revocation import RevocationResult
from portway.domain.connection import ConnectionDetails, ConnectionStatus, StatusReason
from portway.domain.integration import AuthType
from portway.domain.principal import Principal
from portway.domain.rules.access_control import rights_of

IntegrationName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
ReturnUrl = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
AskedScopes = Annotated[
    tuple[Annotated[str, StringConstraints(min_length=1, max_length=300)], ...], Field(max_length=200)
]
EndUserId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

_NAME = Field(None, description="Without one, the account's name or the integration's")
_OAUTH_CLIENT = Field(None, description="The name of your organization's, instead of `default`")
_END_USER = Field(None, description="Your own identifier of the person for whom you keep the connection")
_OPENER = Field(
    None,
    description="Of the page that opens `authorization_url` in a popup: it is told how it ended by postMessage, as"
    ' `{"type": "portway:connected", "connection_id" or "error", …}`. Without an opener, the popup goes on to'
    " `return_url`. Of an allowed origin",
)


class CredentialsInput(Input):
    """The members that the integration's credential has: `token`; `api_key`; `username` and `password`; or its own."""

    credentials: JsonObjectInput = Field(json_schema_extra={"writeOnly": True})


class NewConnectionInput(CredentialsInput):
    """A connection with a credential that needs no redirect."""

    workspace_id: UUID
    integration: IntegrationName
    name: Name | None = _NAME
    config: JsonObjectInput = Field(
        default_factory=dict, description="Values that the integration's `config_schema` names"
    )
    scopes: AskedScopes | None = Field(
        None, description="Of a token that is obtained with the credentials; instead of the integration's own"
    )
    oauth_client: OAuthClientName | None = _OAUTH_CLIENT
    end_user_id: EndUserId | None = _END_USER


class ConnectionChangesInput(Input):
    """What is absent stays as it is."""

    name: Name = absent()
    disabled: StrictBool = absent()


class AuthorizeInput(Input):
    """What to connect, and where the user's browser goes afterwards."""

    workspace_id: UUID
    integration: IntegrationName
    name: Name | None = _NAME
    scopes: AskedScopes | None = Field(None, description="Instead of the integration's own")
    return_url: ReturnUrl | None = Field(
        None, description="Of an allowed origin; gets `connection_id`, or `error` and `error_description`"
    )
    opener_origin: ReturnUrl | None = _OPENER
    config: JsonObjectInput = Field(
        default_factory=dict, description="Values that the integration's `config_schema` names"
    )
    oauth_client: OAuthClientName | None = _OAUTH_CLIENT
    end_user_id: EndUserId | None = _END_USER


class ReauthorizeInput(Input):
    """What to ask for besides what was granted, and where the user's browser goes afterwards."""

    scopes: AskedScopes | None = None
    return_url: ReturnUrl | None = None
    opener_origin: ReturnUrl | None = _OPENER


class AuthorizationOutput(Output):
    """Send the user's browser to `authorization_url` before `expires_at`."""

    authorization_url: str
    state: str
    expires_at: datetime


class OwnerOutput(Output):
    """The only person who may use a connection. Name and address are null where you may not see them."""

    id: UUID
    email: str | None
    name: str | None


class ConnectionRightsOutput(Output):
    """What you may do with a connection, whatever its status."""

    use: bool = Field(description="Execute actions with it")
    authorize: bool = Field(description="Test it, authorize it again, give it other credentials")
    edit: bool = Field(description="Rename and disable it")
    enable: bool = Field(description="Enable it again once it is disabled")
    delete: bool


class ConnectionOutput(Output):
    """A connection. `expires_at` is that of the access token, which is renewed where it can be."""

    id: UUID
    user_id: UUID
    workspace_id: UUID
    organization_id: UUID
    integration_id: UUID
    integration: str
    integration_name: str
    auth_type: AuthType
    owner: OwnerOutput
    name: str
    status: ConnectionStatus
    status_reason: StatusReason | None = Field(
        description="What made it so. `grant_refused`: the service did not accept the credential any more;"
        " `integration_moved`: the integration has another address now; `disabled_by_owner`, `disabled_by_admin`;"
        " `token_expired`: and nothing can renew it"
    )
    status_since: datetime | None = Field(description="null as long as the status never changed")
    scopes: list[str]
    config: dict[str, Any]
    origins: list[str] = Field(description="The only places that the credential is sent to")
    expires_at: datetime | None
    created_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute")
    account_id: str | None = Field(
        description="The service's own identifier of the account, where it is known"
    )
    account_name: str | None
    end_user_id: str | None
    can: ConnectionRightsOutput


class RevocationOutput(Output):
    """What became of the tokens of a deleted connection at the service."""

    revocation: RevocationResult = Field(
        description="`revoked`; `nothing_to_revoke`: no token, or no way to; `failed`: the service did not"
        " agree, so the access may have to be removed there; `pending`: it has not answered yet"
    )
    detail: str | None = Field(description="Why it failed")


def shown(found: ConnectionDetails, principal: Principal) -> ConnectionOutput:
    """A connection on the wire, as this caller sees it."""
    connection = found.connection
    return ConnectionOutput.model_validate(
        asdict(connection)
        | {
            "integration": connection.integration_slug,
            "integration_name": found.integration_name,
            "auth_type": found.auth_type,
            "owner": found.owner,
            "status_reason": found.status_reason,
            "status_since": found.status_since,
            "can": rights_of(found, principal),
        }
    )
