"""The credentials that a person or a program enters: what of them is part of calls, and what renews a token."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portway.application.language.auth_config import CredentialField
from portway.application.language.credential_fields import credential_fields
from portway.application.language.documents import auth_config
from portway.application.language.templates import names_in
from portway.domain.errors import Fault, MalformedRequest
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonValue

_LIFETIME = "expires_in"
_KEY_FILE = "service_account"
_OBTAINED = frozenset({AuthType.OAUTH2_CLIENT_CREDENTIALS, AuthType.JWT_BEARER})
_MAX_LIFETIME = 10**9


@dataclass(frozen=True, slots=True)
class EnteredCredentials:
    """`values` are part of calls, `grant` renews. With `needs_token`, the first token is still to be obtained by it."""

    values: Mapping[str, str] = field(repr=False)
    grant: Mapping[str, str] = field(repr=False)
    expires_at: datetime | None
    needs_token: bool


def obtains_tokens(integration: Integration) -> bool:
    """Whether what is entered is no token, but what a token is obtained with, again and again."""
    if integration.auth_type is AuthType.CUSTOM:
        return auth_config(integration).login is not None
    return integration.auth_type in _OBTAINED


def read_credentials(
    integration: Integration, credentials: Mapping[str, JsonValue], now: datetime
) -> EnteredCredentials:
    """Raises MalformedRequest with a fault at `/credentials/NAME` for each member that is missing, unknown or no text,
    and InvalidIntegrationConfig where the row does not say what a connection consists of.
    """
    fields = credential_fields(integration)
    if integration.auth_type is AuthType.JWT_BEARER:
        credentials = _with_key_file(credentials, fields)
    faults = [*_missing(fields, credentials), *_unknown(integration, fields, credentials)]
    members: dict[str, str] = {}
    lifetime: float | None = None
    for name, value in credentials.items():
        if name == _LIFETIME and integration.auth_type is AuthType.OAUTH2:
            lifetime = _lifetime(value)
            faults += [] if lifetime else [Fault(_at(name), "must be a number of seconds.")]
        elif not isinstance(value, str) or not value or "\x00" in value:
            faults.append(Fault(_at(name), "must be a text that is not empty."))
        else:
            members[name] = value
    if "client_secret" in members and "client_id" not in credentials and _has(fields, "client_id"):
        faults.append(Fault(_at("client_id"), "is required with a client_secret."))
    if faults:
        raise MalformedRequest("The credentials are not what this integration needs.", faults)
    expires_at = now + timedelta(seconds=lifetime) if lifetime else None
    return _split(integration, members, expires_at)


def _split(
    integration: Integration, members: Mapping[str, str], expires_at: datetime | None
) -> EnteredCredentials:
    """What a request needs is a value, even where it renews as well."""
    needs_token = obtains_tokens(integration)
    placed = _placed(integration)
    renewing = {"refresh_token"} if not needs_token else members.keys() - placed
    return EnteredCredentials(
        values={name: value for name, value in members.items() if name not in renewing},
        grant={name: value for name, value in members.items() if name in renewing},
        expires_at=expires_at,
        needs_token=needs_token,
    )


def _placed(integration: Integration) -> frozenset[str]:
    placements = auth_config(integration).credential_placement or ()
    return frozenset(name for placement in placements for name in names_in(placement.value))


def _with_key_file(
    credentials: Mapping[str, JsonValue], fields: Sequence[CredentialField]
) -> Mapping[str, JsonValue]:
    """A service account's key file, as Google gives it: its members, or the whole of it as `service_account`, be it an
    object or the text of the file. Of a file, what the integration does not need is left out.
    """
    file = credentials.get(_KEY_FILE)
    if isinstance(file, str):
        try:
            file = json.loads(file)
        except (ValueError, RecursionError):
            file = None
    if isinstance(file, dict):
        rest = {name: value for name, value in credentials.items() if name != _KEY_FILE}
        return {name: value for name, value in file.items() if _has(fields, name)} | rest
    if _KEY_FILE in credentials:
        raise MalformedRequest(faults=[Fault(_at(_KEY_FILE), "must be the JSON of a key file.")])
    if credentials.get("type") == _KEY_FILE:
        return {name: value for name, value in credentials.items() if _has(fields, name)}
    return credentials


def _missing(fields: Sequence[CredentialField], credentials: Mapping[str, JsonValue]) -> list[Fault]:
    return [
        Fault(_at(field.name), "is required.")
        for field in sorted(fields, key=lambda field: field.name)
        if field.required and field.name not in credentials
    ]


def _unknown(
    integration: Integration, fields: Sequence[CredentialField], credentials: Mapping[str, JsonValue]
) -> list[Fault]:
    names = {field.name for field in fields}
    listed = ", ".join(sorted(names)) or "no credentials"
    return [
        Fault(_at(name), f"is unknown; {integration.slug} takes {listed}.")
        for name in sorted(credentials.keys() - names)
    ]


def _lifetime(value: JsonValue) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MAX_LIFETIME:
        return None
    return value


def _has(fields: Sequence[CredentialField], name: str) -> bool:
    return any(field.name == name for field in fields)


def _at(name: str) -> str:
    return f"/credentials/{name}"
