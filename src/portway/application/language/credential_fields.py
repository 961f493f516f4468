"""What a connection consists of where a person or a program enters it: by `auth_type`, or as the row says."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from portway.application.language.auth_config import CredentialField
from portway.application.language.documents import auth_config
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType, Integration


@dataclass(frozen=True, slots=True)
class _Known:
    """What a member of this name is, whichever kind of credential it belongs to."""

    title: str
    description: str = ""
    secret: bool = True


_KNOWN: Mapping[str, _Known] = {
    "token": _Known("Token"),
    "api_key": _Known("API key"),
    "username": _Known("User name", secret=False),
    "password": _Known("Password"),
    "access_token": _Known("Access token"),
    "refresh_token": _Known("Refresh token", "With it, the access token is renewed before it ends."),
    "expires_in": _Known("Lifetime", "How many seconds the access token is still good for.", secret=False),
    "client_id": _Known("Client ID", secret=False),
    "client_secret": _Known("Client secret"),
    "consumer_key": _Known("Consumer key", "The service may call it API key.", secret=False),
    "consumer_secret": _Known("Consumer secret", "For RSA-SHA1, the private key in PEM."),
    "token_secret": _Known("Token secret"),
    "client_email": _Known("Client e-mail", "The service account's address.", secret=False),
    "private_key": _Known("Private key", "In PEM, with its BEGIN and END lines."),
    "private_key_id": _Known("Private key ID", secret=False),
    "subject": _Known("Subject", "The user to act for, where the service account may do so.", secret=False),
    "access_key_id": _Known("Access key ID", secret=False),
    "secret_access_key": _Known("Secret access key"),
    "session_token": _Known("Session token", "Comes with temporary credentials."),
}


def _field(name: str, *, required: bool = True) -> CredentialField:
    known = _KNOWN.get(name) or _Known(name.replace("_", " ").strip().capitalize() or name)
    return CredentialField(name, known.title, known.description, required, known.secret)


def _fields(*required: str, optional: tuple[str, ...] = ()) -> tuple[CredentialField, ...]:
    return (*(_field(name) for name in required), *(_field(name, required=False) for name in optional))


_DEFAULTS: Mapping[AuthType, tuple[CredentialField, ...]] = {
    AuthType.NONE: (),
    AuthType.BEARER: _fields("token"),
    AuthType.API_KEY: _fields("api_key"),
    AuthType.BASIC: _fields("username", "password"),
    # Tokens that were obtained elsewhere can be brought along.
    AuthType.OAUTH2: _fields("access_token", optional=("refresh_token", "expires_in")),
    # The organization's client, or that of the environment, may stand in.
    AuthType.OAUTH2_CLIENT_CREDENTIALS: _fields(optional=("client_id", "client_secret")),
    AuthType.OAUTH1: _fields("consumer_key", "consumer_secret", "token", "token_secret"),
    AuthType.JWT_BEARER: _fields("client_email", "private_key", optional=("private_key_id", "subject")),
    AuthType.AWS_SIGV4: _fields("access_key_id", "secret_access_key", optional=("session_token",)),
}


def credential_fields(integration: Integration) -> tuple[CredentialField, ...]:
    """The members, in the order in which to ask for them, each with a title.

    The row's own `credential_fields` go before those of its `auth_type`. Raises InvalidIntegrationConfig for a `custom`
    integration without any.
    """
    own = auth_config(integration).credential_fields
    if own is not None:
        return tuple(_own(field) for field in own)
    if integration.auth_type not in _DEFAULTS:
        raise InvalidIntegrationConfig(
            f"Integration {integration.slug!r}: auth_config.credential_fields must say what a connection consists of."
        )
    return _DEFAULTS[integration.auth_type]


def _own(field: str | CredentialField) -> CredentialField:
    if isinstance(field, str):
        return _field(field)
    return field if field.title else msgspec.structs.replace(field, title=_field(field.name).title)
