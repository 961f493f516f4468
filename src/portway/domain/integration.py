"""An integration: the template of an external service."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portway.domain.json_value import JsonObject, JsonValue


class AuthType(StrEnum):
    """How a service recognizes its caller."""

    NONE = "none"
    API_KEY = "api_key"
    BASIC = "basic"
    BEARER = "bearer"
    OAUTH2 = "oauth2"
    OAUTH2_CLIENT_CREDENTIALS = "oauth2_client_credentials"
    OAUTH1 = "oauth1"
    JWT_BEARER = "jwt_bearer"
    AWS_SIGV4 = "aws_sigv4"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Integration:
    """A row of `integrations`. `organization_id` None means global: everyone may use it, only the owner role writes it.

    `transform_config` is what its actions say unless they say otherwise; `rate_limits` are for all of them together.

    `version` grows by one with each change, so that whatever was derived from a row can be kept until then.
    """

    id: UUID
    slug: str
    name: str
    base_url: str
    auth_type: AuthType
    auth_config: JsonObject = field(default_factory=dict)
    transform_config: JsonObject = field(default_factory=dict)
    rate_limits: Sequence[JsonValue] = ()
    organization_id: UUID | None = None
    description: str = ""
    category: str = ""
    documentation_url: str | None = None
    website: str | None = None
    version: int = 1
    updated_at: datetime | None = None
