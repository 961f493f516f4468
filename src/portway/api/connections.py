"""Connections: a user's authenticated accounts at services. No answer ever holds a secret."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response, status

from portway.api.browser_cookie import BROWSER_COOKIE, browser_secret, keep_browser_secret
from portway.api.connection_wire import (
    AuthorizationOutput,
    AuthorizeInput,
    ConnectionChangesInput,
    ConnectionOutput,
    CredentialsInput,
    NewConnectionInput,
    ReauthorizeInput,
    RevocationOutput,
    shown,
)
from portway.api.identity import requires
from portway.api.pagination import DEFAULT_LIMIT, Cursor, Limit, after_id, page_of
from portway.api.problems import problem_of, problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices, Services
from portway.api.session_cookie import ACCESS_COOKIE
from portway.api.wire import Page
from portway.application.execution_result import ExecutionFailed
from portway.application.oauth_service import Authorization
from portway.application.ports.log_queries import ConnectionFilter
from portway.domain.connection import ConnectionStatus
from portway.domain.principal import Principal, Scope

router = new_router("/connections", "Connections")

Reader = Annotated[Principal, Depends(requires(Scope.CONNECTIONS_READ))]
Writer = Annotated[Principal, Depends(requires(Scope.CONNECTIONS_WRITE))]


async def _reads_and_writes(_reader: Reader, writer: Writer) -> Principal:
    return writer


ReaderAndWriter = Annotated[Principal, Depends(_reads_and_writes)]
"""For what is answered with the connection: it would be done, and then look as if it were not there."""

_LONGEST_WAIT = 10.0
_Text = Annotated[str | None, Query(max_length=200)]
AccountId = Annotated[
    str | None, Query(max_length=500, description="The service's own identifier of the account")
]

Statuses = Annotated[
    list[ConnectionStatus],
    Query(alias="status", max_length=len(ConnectionStatus), description="Any of these"),
]


@router.get("", responses=problem_responses(403))
async def list_connections(
    principal: Reader,
    services: CurrentServices,
    *,
    workspace_id: UUID | None = None,
    integration: _Text = None,
    user_id: UUID | None = None,
    statuses: Statuses = [],  # noqa: B006
    query: Annotated[
        str | None,
        Query(
            max_length=200, description="Text to look for in its name, its account's and its integration's"
        ),
    ] = None,
    account_id: AccountId = None,
    end_user_id: _Text = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ConnectionOutput]:
    """Lists the connections in your workspaces, newest first."""
    criteria = ConnectionFilter(
        workspace_id, integration, user_id, tuple(statuses), query, account_id, end_user_id
    )
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.connections.list(criteria, after=after_id(cursor), limit=limit + 1)
    return page_of(
        found, limit, partial(shown, principal=principal), lambda found: (str(found.connection.id),)
    )


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
    return await _shown(services, principal, made.id)


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
    "/{connection_id}",
    response_model=RevocationOutput,
    responses={204: {"description": "Deleted; without `report`"}, **problem_responses(403, 404)},
)
async def delete_connection(
    principal: Writer,
    services: CurrentServices,
    connection_id: UUID,
    report: Annotated[
        bool, Query(description="Wait for the service, at most ten seconds, and answer 200 with what it said")
    ] = False,
) -> RevocationOutput | Response:
    """Deletes one with its secrets, and revokes its tokens at the service where that can be done.

    Answers 204 at once, while the tokens are being revoked, unless a report is asked for.
    """
    revocation = await services.connections.delete(principal, connection_id)
    if not report:
        return Response(status_code=status.HTTP_204_NO_CONTENT)
    return RevocationOutput.model_validate(await revocation.outcome(_LONGEST_WAIT))


@router.put("/{connection_id}/credentials", responses=problem_responses(403, 404, 409, 413, 422, 502, 504))
async def replace_credentials(
    principal: ReaderAndWriter, services: CurrentServices, connection_id: UUID, body: CredentialsInput
) -> ConnectionOutput:
    """Replaces the credential of your own connection, which becomes active. It is tried first, as when connecting."""
    await services.connections.replace_credentials(principal, connection_id, body.credentials)
    return await _shown(services, principal, connection_id)


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
        return shown(await work.connections.describe(connection_id), principal)


def _begun(begun: Authorization) -> AuthorizationOutput:
    return AuthorizationOutput.model_validate(begun)


def _browser_secret(request: Request, response: Response, services: Services) -> str | None:
    """The secret of the browser that the console runs in, which gets one if it has none. None for programs.

    Only a browser sends Sec-Fetch-Site, and no script can forge it; over plain HTTP to another machine it sends none,
    but a session's cookie.
    """
    if BROWSER_COOKIE in request.cookies:
        return browser_secret(request)
    if request.headers.get("sec-fetch-site") != "same-origin" and ACCESS_COOKIE not in request.cookies:
        return None
    secret = browser_secret(request)
    keep_browser_secret(response, secret, services)
    return secret
