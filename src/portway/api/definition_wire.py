"""Integrations and actions on the wire."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from portway.api.wire import Input, Name, Output, Page
from portway.domain.action import DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS
from portway.domain.integration import AuthType

MAX_DEPTH = 64
MAX_JSON_BYTES = 512 * 1024


def _check_json(value: dict[str, Any]) -> dict[str, Any]:
    if _depth_exceeds(value, MAX_DEPTH):
        raise PydanticCustomError(
            "too_deep", "Must be nested at most {depth} levels deep.", {"depth": MAX_DEPTH}
        )
    if len(json.dumps(value, ensure_ascii=False).encode()) > MAX_JSON_BYTES:
        raise PydanticCustomError("too_large", "Must be at most 512 KiB of JSON.")
    return value


def _depth_exceeds(value: object, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    members = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(_depth_exceeds(member, depth - 1) for member in members)


def _check_web_address(value: str) -> str:
    if not value.lower().startswith(("https://", "http://")):
        raise PydanticCustomError("not_a_web_address", "Must begin with https:// or http://.")
    return value


def absent() -> Any:
    """The default of a member that may be left out and, where it is there, is not null."""
    return Field(default_factory=lambda: None)


RateLimitsInput = Annotated[tuple[dict[str, Any], ...], Field(max_length=10)]
"""What each of them is made of is checked with the rest of the row."""

JsonObjectInput = Annotated[dict[str, Any], AfterValidator(_check_json)]
"""Any JSON object of a size and depth that the database and every reader can take."""

IntegrationSlug = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_-]{0,99}$")]
ActionSlug = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_.-]{0,199}$")]
BaseUrl = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Description = Annotated[str, StringConstraints(max_length=10_000)]
Category = Annotated[str, StringConstraints(max_length=100)]
WebAddress = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_check_web_address)]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
EndpointPath = Annotated[str, StringConstraints(max_length=4000)]
Scopes = Annotated[
    tuple[Annotated[str, StringConstraints(min_length=1, max_length=300)], ...], Field(max_length=200)
]
HandlerName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Timeout = Annotated[int, Field(strict=True, ge=1, le=MAX_TIMEOUT_MS)]


_WHOSE = "Needed only by those who have several organizations"


class NewIntegrationInput(Input):
    """An integration of an organization's own. Its row is described in the documentation of the catalog."""

    organization_id: UUID | None = Field(
        None, description="Needed only by those who have several organizations"
    )
    slug: IntegrationSlug
    name: Name
    base_url: BaseUrl
    auth_type: AuthType
    auth_config: JsonObjectInput = Field(default_factory=dict)
    transform_config: JsonObjectInput = Field(default_factory=dict)
    rate_limits: RateLimitsInput = ()
    description: Description = ""
    category: Category = ""
    documentation_url: WebAddress | None = None
    website: WebAddress | None = Field(None, description="Where people use the service")


class IntegrationChangesInput(Input):
    """What is absent stays as it is."""

    name: Name = absent()
    base_url: BaseUrl = absent()
    auth_type: AuthType = absent()
    auth_config: JsonObjectInput = absent()
    transform_config: JsonObjectInput = absent()
    rate_limits: RateLimitsInput = absent()
    description: Description = absent()
    category: Category = absent()
    documentation_url: WebAddress | None = absent()
    website: WebAddress | None = absent()


ClientSource = Literal["organization", "environment"]
ConnectsBy = Literal["redirect", "credentials", "nothing"]


class ConnectionCountsOutput(Output):
    """How many connections the workspace has; `needs_attention`: to authorize again, or faulty."""

    total: int
    mine: int
    needs_attention: int


class IntegrationOutput(Output):
    """An integration. `organization_id` is null for a global one, which everybody may use."""

    id: UUID
    organization_id: UUID | None
    slug: str
    name: str
    base_url: str
    auth_type: AuthType
    auth_config: dict[str, Any]
    transform_config: dict[str, Any]
    rate_limits: list[dict[str, Any]]
    description: str
    category: str
    documentation_url: str | None
    website: str | None = Field(description="Where people use the service")
    version: int
    updated_at: datetime
    action_count: int
    connects_by: ConnectsBy | None = Field(
        description="`redirect`: a person agrees on a page of the service's; `credentials`: they are entered; `nothing`"
        " has to be; null where the row is broken"
    )
    oauth_client_source: ClientSource | None = Field(
        description="Whose OAuth client new connections use: your organization's own, or that of the server's"
        " environment; null where there is none, so that a redirect needs one first"
    )
    connections: ConnectionCountsOutput | None = Field(
        description="Those of the workspace that was asked for, else null"
    )


class FacetOutput(Output):
    """A value, and how many integrations have it."""

    value: str
    count: int


class IntegrationFacetsOutput(Output):
    """How many integrations a search finds, by each filter; the other filters do not count."""

    total: int
    own: int = Field(description="Your organizations' own")
    connected: int = Field(description="With a connection in the workspace that was asked for")
    categories: list[FacetOutput]
    auth_types: list[FacetOutput]


class IntegrationPage(Page[IntegrationOutput]):
    """A part of the list of integrations."""

    facets: IntegrationFacetsOutput | None = Field(description="Where they were asked for")


class OAuthClientOutput(Output):
    """An OAuth client at the service. Its secret is never shown.

    That of the server's environment has neither name nor organization.
    """

    organization_id: UUID | None
    name: str | None
    client_id: str
    source: ClientSource
    redirect_uri: str = Field(description="To register with the service")
    has_secret: bool
    updated_at: datetime | None


class ConfiguredClientOutput(OAuthClientOutput):
    """An OAuth client, and what it is for."""

    integration_id: UUID
    integration: str
    integration_name: str


class OfferedScopeOutput(Output):
    """A scope, what it allows, and whether connections ask for it unless told otherwise."""

    name: str
    description: str | None
    asked_for: bool


class IntegrationDetailOutput(IntegrationOutput):
    """An integration, and what connecting it and its OAuth client need."""

    credential_schema: dict[str, Any] | None = Field(
        description="JSON Schema of the `credentials` of a new connection; null where the row is broken. With"
        " `connects_by` `redirect`, these are tokens that were obtained elsewhere"
    )
    config_schema: dict[str, Any] | None = Field(
        description="JSON Schema of the `config` of a new connection; null where nothing is asked"
    )
    scopes: list[OfferedScopeOutput]
    fault: str | None = Field(description="What is broken about the row, so that it cannot be connected")

    redirect_uri: str | None = Field(
        description="To register with the service; null where there is no redirect"
    )
    oauth_client: OAuthClientOutput | None = Field(
        description="Your organization's own that is called `default`, if you administer it and it has one"
    )


OAuthClientName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class OAuthClientInput(Input):
    """A registration at the service. Without a secret it is a public client (RFC 6749, section 2.1).

    `client_secret` is the private key, in PEM or as a JWK, where the service wants `private_key_jwt`.
    """

    organization_id: UUID | None = Field(None, description=_WHOSE)
    name: OAuthClientName = Field(
        "default", description="An organization may have several; connections without a choice use `default`"
    )
    client_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    client_secret: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)] | None
    ) = Field(None, json_schema_extra={"writeOnly": True})


class NewActionInput(Input):
    """An action of an organization's own integration."""

    slug: ActionSlug
    name: Name
    http_method: Method = "GET"
    endpoint_path: EndpointPath = "/"
    description: Description = ""
    request_schema: JsonObjectInput = Field(default_factory=dict)
    transform_config: JsonObjectInput = Field(default_factory=dict)
    rate_limits: RateLimitsInput = ()
    scopes: Scopes = ()
    handler: HandlerName | None = None
    timeout_ms: Timeout = DEFAULT_TIMEOUT_MS


class ActionChangesInput(Input):
    """What is absent stays as it is."""

    name: Name = absent()
    http_method: Method = absent()
    endpoint_path: EndpointPath = absent()
    description: Description = absent()
    request_schema: JsonObjectInput = absent()
    transform_config: JsonObjectInput = absent()
    rate_limits: RateLimitsInput = absent()
    scopes: Scopes = absent()
    handler: HandlerName | None = absent()
    timeout_ms: Timeout = absent()


class ActionHintsOutput(Output):
    """What running it does to the service, as far as its method and its row say: a handler or a POST may do less."""

    read_only: bool
    destructive: bool = Field(description="What it deletes is gone")
    idempotent: bool = Field(description="Twice is the same as once")


class ActionOutput(Output):
    """An action."""

    id: UUID
    integration_id: UUID
    slug: str
    name: str
    http_method: str
    endpoint_path: str
    description: str
    request_schema: dict[str, Any]
    transform_config: dict[str, Any]
    rate_limits: list[dict[str, Any]]
    scopes: list[str]
    handler: str | None
    timeout_ms: int
    version: int
    updated_at: datetime
    hints: ActionHintsOutput
    examples: list[dict[str, Any]] = Field(description="Parameters that its schema gives as examples")
    editable: bool = Field(description="Whether it is your organization's own, and has a row")


class IntegrationNameOutput(Output):
    """What an action is an action of. `organization_id` is null for a global integration."""

    id: UUID
    slug: str
    name: str
    category: str
    organization_id: UUID | None


class ActionSummaryOutput(Output):
    """An action of some integration, without its schema."""

    id: UUID
    slug: str
    name: str
    description: str
    http_method: str
    endpoint_path: str
    scopes: list[str]
    hints: ActionHintsOutput
    integration: IntegrationNameOutput
