"""Integrations and actions on the wire."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from portway.api.wire import Input, Name, Output
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
    version: int
    updated_at: datetime
    action_count: int


class OAuthClientOutput(Output):
    """An OAuth client at the service. Its secret is never shown.

    That of the server's environment has neither name nor organization.
    """

    organization_id: UUID | None
    name: str | None
    client_id: str
    source: Literal["organization", "environment"]
    redirect_uri: str = Field(description="To register with the service")
    has_secret: bool
    updated_at: datetime | None


class IntegrationDetailOutput(IntegrationOutput):
    """An integration, and what its OAuth client needs and is."""

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
    integration: IntegrationNameOutput


class PreviewInput(Input):
    """What to show a request for."""

    parameters: JsonObjectInput = Field(default_factory=dict)
    config: JsonObjectInput = Field(
        default_factory=dict, description="The connection's own values that `base_url` and headers name"
    )


class PreviewedRequestOutput(Output):
    """A request as it would be sent."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None = Field(description="As text, where it is UTF-8")
    body_base64: str | None = Field(description="Else in base64")


class PreviewOutput(Output):
    """The first request of the action."""

    request: PreviewedRequestOutput | None = Field(
        description="null for an action that speaks another protocol than HTTP"
    )
