"""What connecting asks for, as JSON Schemas (2020-12) that forms are drawn from."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from portway.application.connect_form import config_fields, connects_by_redirect
from portway.application.language.auth_config import CredentialField
from portway.application.language.credential_fields import credential_fields
from portway.application.language.documents import auth_config
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType, Integration

JsonSchema = dict[str, Any]

REDIRECT, CREDENTIALS, NOTHING = "redirect", "credentials", "nothing"
"""How a service is connected: on a page of its own, with what a person has from it, or without either."""

_LIFETIME = "expires_in"
_PEM = "private_key"


@dataclass(frozen=True, slots=True)
class OfferedScope:
    """A scope and what it allows; `asked_for`: of every connection that does not say otherwise."""

    name: str
    description: str | None
    asked_for: bool


def connects_by(integration: Integration) -> str | None:
    """One of the words above; None for a row that is broken."""
    try:
        if connects_by_redirect(integration):
            return REDIRECT
        return CREDENTIALS if credential_fields(integration) else NOTHING
    except InvalidIntegrationConfig:
        return None


def fault_of(integration: Integration) -> str | None:
    """What is broken about how the row says to connect; None for one that can be connected."""
    try:
        auth_config(integration)
        credential_fields(integration)
    except InvalidIntegrationConfig as error:
        return error.detail
    return None


def credential_schema(integration: Integration) -> JsonSchema:
    """Of the `credentials` of a new connection. Raises InvalidIntegrationConfig.

    What must not be shown while it is typed is `writeOnly` and of the format `password`; a text with lines has the
    media type of PEM.
    """
    fields = credential_fields(integration)
    return _object({field.name: _member(field) for field in fields}, [f.name for f in fields if f.required])


def config_schema(integration: Integration) -> JsonSchema | None:
    """Of the `config` of a new connection, without what the service's answers tell; None where nothing is asked.

    The members stand in the order in which to ask. Raises InvalidIntegrationConfig.
    """
    fields = list(config_fields(integration))
    if not fields:
        return None
    stored = auth_config(integration).config_schema or {}
    properties = stored.get("properties")
    known: dict[str, Any] = properties if isinstance(properties, dict) else {}
    members = {
        field.name: {"title": field.title} | known.get(field.name, {"type": "string"}) for field in fields
    }
    return {**stored, **_object(members, [field.name for field in fields if field.required])}


def offered_scopes(integration: Integration, of_actions: Iterable[str] = ()) -> tuple[OfferedScope, ...]:
    """Those that are asked for, then those that only some action needs or the row describes."""
    auth = auth_config(integration)
    names = dict.fromkeys((*auth.scopes, *of_actions, *auth.scope_descriptions))
    return tuple(
        OfferedScope(name, auth.scope_descriptions.get(name), name in auth.scopes)
        for name in names
        if integration.auth_type is not AuthType.NONE
    )


def _member(field: CredentialField) -> JsonSchema:
    member: dict[str, Any] = {"type": "string", "title": field.title}
    if field.name == _LIFETIME:
        member["type"] = "integer"
    elif field.required:
        member["minLength"] = 1
    if field.description:
        member["description"] = field.description
    if field.secret:
        member |= {"writeOnly": True, "format": "password"}
    if _is_pem(field.name):
        member["contentMediaType"] = "application/x-pem-file"
    return member


def _is_pem(name: str) -> bool:
    """Whether what is entered has lines."""
    return _PEM in name and not name.endswith("_id")


def _object(properties: dict[str, Any], required: list[str]) -> JsonSchema:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
