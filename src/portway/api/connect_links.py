"""Connect links: with one, a person without an account connects a service for its maker."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, status
from pydantic import Field, StringConstraints

from portway.api.connection_wire import AskedScopes, IntegrationName, OwnerOutput, ReturnUrl
from portway.api.connections import Reader, ReaderAndWriter, Writer
from portway.api.definition_wire import JsonObjectInput
from portway.api.pagination import DEFAULT_LIMIT, Cursor, Limit, after_id, page_of
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.api.wire import Input, Name, Output, Page
from portway.application.ports.clock import system_clock
from portway.application.ports.connect_links import ConnectLinkFilter, NewConnectLink
from portway.domain.connect_link import (
    DEFAULT_LIFETIME,
    LONGEST_LIFETIME,
    SHORTEST_LIFETIME,
    ConnectLink,
    LinkStatus,
)
from portway.domain.errors import Fault, MalformedRequest

router = new_router("/connect-links", "Connections")

_Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_ClientName = Annotated[str, StringConstraints(min_length=1, max_length=100)]

# What a new connection takes, and a connection that is there has.
_OF_NEW = ("workspace_id", "integration", "end_user_id", "name", "config", "oauth_client")
_NEEDED = ("workspace_id", "integration", "end_user_id")


class ConnectLinkInput(Input):
    """For a new connection: `workspace_id`, `integration` and `end_user_id`, and what else is settled beforehand. For
    one that needs its account again: `connection_id`.
    """

    workspace_id: UUID | None = None
    integration: IntegrationName | None = None
    end_user_id: _Short | None = Field(
        None, description="Your own name for the person; the connection carries it, and lists filter by it"
    )
    connection_id: UUID | None = Field(None, description="Your own connection that is to be authorized again")
    name: Name | None = Field(None, description="Of the connection; else it is called after the account")
    scopes: AskedScopes | None = Field(None, description="Instead of the integration's own")
    config: JsonObjectInput = Field(
        default_factory=dict, description="Values of the connection's config that the person is not asked for"
    )
    oauth_client: _ClientName | None = Field(
        None, description="Which of your organization's OAuth clients; else the one called `default`"
    )
    return_url: ReturnUrl | None = Field(
        None, description="Where the person goes on afterwards; of an allowed origin, gets `connection_id`"
    )
    expires_in: int = Field(
        int(DEFAULT_LIFETIME.total_seconds()),
        ge=int(SHORTEST_LIFETIME.total_seconds()),
        le=int(LONGEST_LIFETIME.total_seconds()),
        strict=True,
        description="For how many seconds the link is good",
    )


class ConnectLinkOutput(Output):
    """A link. `connection_id` is the connection to authorize again (`reconnect`), or that was made with it."""

    id: UUID
    user_id: UUID
    workspace_id: UUID
    organization_id: UUID
    integration_id: UUID
    integration: str
    integration_name: str
    owner: OwnerOutput = Field(description="Who made it, and will own the connection")
    status: LinkStatus
    reconnect: bool
    connection_id: UUID | None
    end_user_id: str | None
    name: str | None
    scopes: list[str] | None
    config: dict[str, Any]
    oauth_client: str | None
    return_url: str | None
    created_at: datetime
    expires_at: datetime
    opened_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


class CreatedConnectLinkOutput(ConnectLinkOutput):
    """A new link. Whoever holds its `url` may connect, once; it is shown only now."""

    url: str
    token: str


@router.get("", responses=problem_responses(403))
async def list_connect_links(
    principal: Reader,
    services: CurrentServices,
    *,
    workspace_id: UUID | None = None,
    end_user_id: Annotated[str | None, Query(max_length=200)] = None,
    integration: Annotated[str | None, Query(max_length=100)] = None,
    link_status: Annotated[LinkStatus | None, Query(alias="status")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ConnectLinkOutput]:
    """Lists the links of your workspaces, newest first."""
    criteria = ConnectLinkFilter(workspace_id, end_user_id, integration, link_status)
    found = await services.connect_links.list(principal, criteria, after=after_id(cursor), limit=limit + 1)
    return page_of(found, limit, _shown, lambda link: (str(link.id),))


@router.post("", status_code=status.HTTP_201_CREATED, responses=problem_responses(403, 404, 413, 422))
async def create_connect_link(
    principal: ReaderAndWriter, services: CurrentServices, body: ConnectLinkInput
) -> CreatedConnectLinkOutput:
    """Makes a link for somebody without an account to connect a service. The connection will be yours."""
    _check_kind(body)
    made = await services.connect_links.create(
        principal,
        NewConnectLink(
            workspace_id=body.workspace_id,
            connection_id=body.connection_id,
            end_user_id=body.end_user_id,
            name=body.name,
            scopes=body.scopes,
            config=body.config,
            oauth_client=body.oauth_client,
            return_url=body.return_url,
            lifetime=timedelta(seconds=body.expires_in),
        ),
        body.integration,
    )
    return CreatedConnectLinkOutput(**_shown(made.link).model_dump(), url=made.url, token=made.token)


@router.get("/{link_id}", responses=problem_responses(403, 404))
async def get_connect_link(principal: Reader, services: CurrentServices, link_id: UUID) -> ConnectLinkOutput:
    """Shows one."""
    return _shown(await services.connect_links.get(principal, link_id))


@router.delete("/{link_id}", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(403, 404))
async def revoke_connect_link(principal: Writer, services: CurrentServices, link_id: UUID) -> None:
    """Ends one: its maker's and the workspace's admins' right. A connection that was made with it stays."""
    await services.connect_links.revoke(principal, link_id)


def _check_kind(body: ConnectLinkInput) -> None:
    if body.connection_id is None:
        faults = [Fault(f"/{name}", "is required.") for name in _NEEDED if getattr(body, name) is None]
    else:
        message = "is the connection's own; leave it out with connection_id."
        faults = [Fault(f"/{name}", message) for name in _OF_NEW if name in body.model_fields_set]
    if faults:
        raise MalformedRequest(faults=faults)


def _shown(link: ConnectLink) -> ConnectLinkOutput:
    same = set(ConnectLinkOutput.model_fields) - {"integration", "status", "owner"}
    return ConnectLinkOutput(
        **{name: getattr(link, name) for name in same},
        integration=link.integration_slug,
        owner=OwnerOutput(id=link.user_id, email=link.user_email, name=link.user_name),
        status=link.status_at(system_clock()),
    )
