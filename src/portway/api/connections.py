"""Connections: a user's authenticated accounts at services. No answer ever holds a secret."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response, status
from pydantic import Field, StrictBool, StringConstraints

from portway.api.browser_cookie import BROWSER_COOKIE, browser_secret, keep_browser_secret
from portway.api.definition_wire import JsonObjectInput, OAuthClientName, absent
from portway.api.identity import requires
from portway.api.pagination import DEFAULT_LIMIT, Cursor, Limit, after_id, page_of
from portway.api.problems import problem_of, problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices, Services
from portway.api.wire import Input, Name, Output, Page
from portway.application.execution_result import ExecutionFailed
from portway.application.oauth_service import Authorization
from portway.application.ports.log_queries import ConnectionFilter
from portway.domain.connection import Connection, ConnectionStatus
from portway.domain.principal import Principal, Scope

router = new_router("/connections", "Connections")

Reader = Annotated[Principal, Depends(requires(Scope.CONNECTIONS_READ))]
Writer = Annotated[Principal, Depends(requires(Scope.CONNECTIONS_WRITE))]


async def _reads_and_writes(_reader: Reader, writer: Writer) -> Principal:
    return writer


ReaderAndWriter = Annotated[Principal, Depends(_reads_and_writes)]
"""For what is answered with the connection: it would be done, and then look as if it were not there."""

IntegrationName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
ReturnUrl = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
AskedScopes = Annotated[
    tuple[Annotated[str, StringConstraints(min_length=1, max_length=300)], ...], Field(max_length=200)
]
AccountId = Annotated[
    str | None, Query(max_length=500, description="The service's own identifier of the account")
]
EndUserId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Text = Annotated[str | None, Query(max_length=200)]

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


class ConnectionOutput(Output):
    """A connection. `expires_at` is that of the access token, which is renewed where it can be."""

    id: UUID
    user_id: UUID
    workspace_id: UUID
    organization_id: UUID
    integration_id: UUID
    integration: str = Field(validation_alias="integration_slug")
    name: str
    status: ConnectionStatus
    scopes: list[str]
    config: dict[str, Any]
    origins: list[str] = Field(description="The only places that the credential is sent to")
    expires_at: datetime | None
    created_at: datetime | None
    last_used_at: datetime | None
    account_id: str | None = Field(
        description="The service's own identifier of the account, where it is known"
    )
    account_name: str | None
    end_user_id: str | None


@router.get("", responses=problem_responses(403))
async def list_connections(
    principal: Reader,
    services: CurrentServices,
    *,
    workspace_id: UUID | None = None,
    integration: _Text = None,
    user_id: UUID | None = None,
    connection_status: Annotated[ConnectionStatus | None, Query(alias="status")] = None,
    query: Annotated[str | None, Query(max_length=200, description="Text to look for in the name")] = None,
    account_id: AccountId = None,
    end_user_id: _Text = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ConnectionOutput]:
    """Lists the connections in your workspaces, newest first."""
    criteria = ConnectionFilter(
        workspace_id, integration, user_id, connection_status, query, account_id, end_user_id
    )
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.connections.list(criteria, after=after_id(cursor), limit=limit + 1)
    return page_of(found, limit, ConnectionOutput.model_validate, lambda connection: (str(connection.id),))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(403, 404, 409, 413, 422, 502, 504),
)
async def create_connection(
    principal: ReaderAndWriter, services: CurrentServices, body: NewConnectionInput
) -> ConnectionOutput:
    """Connects with a credential of your own, which is tried first where the integration says how.

    With one of an account that you have connected already, that connection gets the credential.
    """
    made = await services.connections.create(
        principal,
        workspace_id=body.workspace_id,
        integration=body.integration,
        name=body.name,
        credentials=body.credentials,
        config=body.config,
        scopes=body.scopes,
        oauth_client=body.oauth_client,
        end_user_id=body.end_user_id,
    )
    return ConnectionOutput.model_validate(made)


@router.post("/authorize", responses=problem_responses(403, 404, 409, 413, 422, 502, 504))
async def authorize_connection(
    request: Request, response: Response, principal: Writer, services: CurrentServices, body: AuthorizeInput
) -> AuthorizationOutput:
    """Begins connecting by redirect: OAuth 2.0 with a code, or OAuth 1.0a."""
    begun = await services.oauth.authorize(
        principal,
        workspace_id=body.workspace_id,
        integration=body.integration,
        name=body.name,
        scopes=body.scopes,
        return_url=body.return_url,
        opener_origin=body.opener_origin,
        config=body.config,
        oauth_client=body.oauth_client,
        end_user_id=body.end_user_id,
        browser_secret=_browser_secret(request, response, services),
    )
    return _begun(begun)


@router.get("/{connection_id}", responses=problem_responses(403, 404))
async def get_connection(
    principal: Reader, services: CurrentServices, connection_id: UUID
) -> ConnectionOutput:
    """Shows one."""
    return await _shown(services, principal, connection_id)


@router.patch("/{connection_id}", responses=problem_responses(403, 404, 413))
async def change_connection(
    principal: ReaderAndWriter, services: CurrentServices, connection_id: UUID, body: ConnectionChangesInput
) -> ConnectionOutput:
    """Renames, disables or enables one: its owner's and the workspace's admins' right."""
    if "disabled" in body.model_fields_set:
        await services.connections.set_disabled(principal, connection_id, disabled=body.disabled)
    if "name" in body.model_fields_set:
        async with services.unit_of_work(principal.sealed_pass) as work:
            await work.connections.rename(connection_id, body.name)
    return await _shown(services, principal, connection_id)


@router.delete(
    "/{connection_id}", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(403, 404)
)
async def delete_connection(principal: Writer, services: CurrentServices, connection_id: UUID) -> None:
    """Deletes one with its secrets, and revokes its tokens at the service where that can be done."""
    await services.connections.delete(principal, connection_id)


@router.put("/{connection_id}/credentials", responses=problem_responses(403, 404, 409, 413, 422, 502, 504))
async def replace_credentials(
    principal: ReaderAndWriter, services: CurrentServices, connection_id: UUID, body: CredentialsInput
) -> ConnectionOutput:
    """Replaces the credential of your own connection, which becomes active. It is tried first, as when connecting."""
    changed = await services.connections.replace_credentials(principal, connection_id, body.credentials)
    return ConnectionOutput.model_validate(changed)


@router.post(
    "/{connection_id}/test",
    response_model=ConnectionOutput,
    responses=problem_responses(403, 404, 409, 422, 429, 502, 504),
)
async def check_connection(
    principal: ReaderAndWriter, services: CurrentServices, connection_id: UUID
) -> ConnectionOutput | Response:
    """Makes the integration's verification request with your own connection's credential; 200 if it was accepted."""
    try:
        await services.connections.test(principal, connection_id)
    except ExecutionFailed as failed:
        return problem_of(failed.error, execution_id=failed.execution_id).response()
    return await _shown(services, principal, connection_id)


@router.post("/{connection_id}/reauthorize", responses=problem_responses(403, 404, 409, 413, 422, 502, 504))
async def reauthorize_connection(
    request: Request,
    response: Response,
    *,
    principal: ReaderAndWriter,
    services: CurrentServices,
    connection_id: UUID,
    body: ReauthorizeInput | None = None,
) -> AuthorizationOutput:
    """Begins authorizing your own connection again: after its grant has gone, or for more scopes."""
    asked = body or ReauthorizeInput()
    begun = await services.oauth.reauthorize(
        principal,
        connection_id,
        scopes=asked.scopes,
        return_url=asked.return_url,
        opener_origin=asked.opener_origin,
        browser_secret=_browser_secret(request, response, services),
    )
    return _begun(begun)


async def _shown(services: Services, principal: Principal, connection_id: UUID) -> ConnectionOutput:
    async with services.unit_of_work(principal.sealed_pass) as work:
        found: Connection = await work.connections.get(connection_id)
    return ConnectionOutput.model_validate(found)


def _begun(begun: Authorization) -> AuthorizationOutput:
    return AuthorizationOutput.model_validate(begun)


def _browser_secret(request: Request, response: Response, services: Services) -> str | None:
    """The secret of the browser that the console runs in, which gets one if it has none. None for programs.

    Only a browser sends Sec-Fetch-Site, and no script can forge it.
    """
    if BROWSER_COOKIE in request.cookies:
        return browser_secret(request)
    if request.headers.get("sec-fetch-site") != "same-origin":
        return None
    secret = browser_secret(request)
    keep_browser_secret(response, secret, services)
    return secret
