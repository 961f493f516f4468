"""Portway's configuration: environment variables that begin with `PORTWAY_`. No secret has a default."""

import os
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "PORTWAY_"
DEFAULT_PUBLIC_URL = "http://127.0.0.1:8000"

Network = IPv4Network | IPv6Network

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SHORTEST_SECRET = 32  # bytes; a key for HS256 must be at least as long as the hash (RFC 7518, section 3.2)


class SettingsError(Exception):
    """The environment does not make sense; the message is one line that names the variables, and no value."""


def _default_data_dir() -> Path:
    home = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(home).expanduser() / "portway"


class Settings(BaseSettings):
    """What servers and admin commands are told. Without `database_url`, `portway up` runs its own."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    database_url: SecretStr | None = Field(None, description="PostgreSQL, role portway_app")
    admin_database_url: SecretStr | None = Field(
        None, description="PostgreSQL, the owner: migrations and admin commands only, no server reads it"
    )
    sign_in_database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL, role portway_sign_in: tokens verified by JWKS, links mailed to users",
    )
    worker_database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL, role portway_worker: events sent to webhooks, tokens renewed ahead of time",
    )
    read_database_url: SecretStr | None = Field(None, description="a replica for logs and analytics")
    redis_url: SecretStr | None = Field(
        None, description="Redis, for rate limits that all processes and nodes share"
    )
    public_url: str = Field(
        DEFAULT_PUBLIC_URL, description="where users reach Portway; base of OAuth redirect URIs"
    )
    jwt_secret: SecretStr | None = Field(
        None, description="accept tokens that this secret has signed with HS256"
    )
    jwt_jwks_url: str | None = Field(None, description="accept tokens signed by the keys found there")
    jwt_issuer: str | None = Field(None, description="the `iss` that those tokens must have")
    jwt_audience: str | None = Field(None, description="the `aud` that those tokens must have")
    oidc_issuer: str | None = Field(
        None, description="an OpenID provider at which people sign in to the console, by its issuer"
    )
    oidc_client_id: str | None = Field(None, description="which client Portway is there")
    oidc_client_secret: SecretStr | None = Field(
        None, description="that client's secret, unless it is public"
    )
    oidc_name: str = Field("single sign-on", description="what the sign-in page calls that provider")
    data_dir: Path = Field(
        default_factory=_default_data_dir, description="where the embedded PostgreSQL lives"
    )
    allow_private_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        (),
        description="private networks that outgoing calls may reach: CIDRs, separated by commas",
    )
    return_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="where a connect flow's return_url may lead besides public_url: origins, separated by commas",
    )
    sign_up: Literal["open", "invite", "closed"] = Field("invite", description="who may make an account")
    set_up_link_required: bool | None = Field(
        None,
        description="whether the first account needs the link that `portway up` prints; by default it does, unless"
        " public_url is on the loopback address",
    )
    smtp_url: SecretStr | None = Field(
        None, description="smtp:// or smtps://, for mail; without it, links are shown"
    )
    max_upload_bytes: int = Field(
        1024 * 1024 * 1024, ge=1, description="how large an upload (`multipart/form-data`) may be, in bytes"
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    master_key_file: Path | None = Field(
        None, description="for a new keyring: the master key's file (32 bytes), as the database host sees it"
    )

    @field_validator(
        "database_url",
        "admin_database_url",
        "sign_in_database_url",
        "worker_database_url",
        "read_database_url",
    )
    @classmethod
    def _check_database_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_postgres_url(value.get_secret_value()):
            raise ValueError(
                "must be a URL that begins with postgresql://, with libpq's parameters alone, and with what is"
                " special in a password percent-encoded"
            )
        return value

    @field_validator("redis_url")
    @classmethod
    def _check_redis_url(cls, value: SecretStr | None) -> SecretStr | None:
        return _with_scheme(value, "redis", "rediss")

    @field_validator("smtp_url")
    @classmethod
    def _check_smtp_url(cls, value: SecretStr | None) -> SecretStr | None:
        return _with_scheme(value, "smtp", "smtps", "starttls")

    @field_validator("public_url", "jwt_jwks_url", "oidc_issuer")
    @classmethod
    def _check_web_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise ValueError("must be an http or https URL without a user name")
        return value

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str) -> str:
        if "?" in value or "#" in value:
            raise ValueError("must have neither a query nor a fragment")
        return value.rstrip("/")

    @field_validator("jwt_jwks_url", "oidc_issuer")
    @classmethod
    def _check_jwks_url(cls, value: str | None) -> str | None:
        if value and not value.startswith("https:") and urlsplit(value).hostname not in _LOOPBACK:
            raise ValueError("must be an https URL: who can alter what it answers can sign anybody in")
        return value

    @field_validator("jwt_secret")
    @classmethod
    def _check_jwt_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value.get_secret_value().encode()) < _SHORTEST_SECRET:
            raise ValueError(f"must have at least {_SHORTEST_SECRET} bytes")
        return value

    @field_validator("allow_private_networks", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(ip_network(part) for part in value.replace(",", " ").split())

    @field_validator("return_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        origins = tuple(value.replace(",", " ").split())
        for origin in origins:
            parts = urlsplit(origin)
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
                raise ValueError("must be origins such as https://app.example.com")
        return origins

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("data_dir")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("master_key_file")
    @classmethod
    def _check_master_key_file(cls, value: Path | None) -> Path | None:
        if value and not value.is_absolute():
            raise ValueError("must be an absolute path")
        return value

    @model_validator(mode="after")
    def _check_oidc(self) -> Self:
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("PORTWAY_OIDC_ISSUER needs PORTWAY_OIDC_CLIENT_ID")
        if self.oidc_client_id and not self.oidc_issuer:
            raise ValueError("PORTWAY_OIDC_CLIENT_ID needs PORTWAY_OIDC_ISSUER")
        if self.oidc_issuer and self.database_url and not self.sign_in_database_url:
            raise ValueError("PORTWAY_OIDC_ISSUER needs PORTWAY_SIGN_IN_DATABASE_URL (role portway_sign_in)")
        return self

    @model_validator(mode="after")
    def _check_jwks(self) -> Self:
        if self.jwt_jwks_url and not self.jwt_issuer:
            raise ValueError(
                "PORTWAY_JWT_JWKS_URL needs PORTWAY_JWT_ISSUER, the `iss` of the tokens to accept"
            )
        if self.jwt_jwks_url and self.database_url and not self.sign_in_database_url:
            raise ValueError("PORTWAY_JWT_JWKS_URL needs PORTWAY_SIGN_IN_DATABASE_URL (role portway_sign_in)")
        return self


class ClientSettings(BaseSettings):
    """What commands that speak to a running gateway are told."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    url: str | None = Field(None, description="a running gateway")
    api_key: SecretStr | None = Field(None, description="what to sign in there with")

    @field_validator("url")
    @classmethod
    def _check_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname:
            raise ValueError("must be an http or https URL")
        return value.rstrip("/")


def load_settings() -> Settings:
    """Reads the environment. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("; ".join(_sentences(error))) from None


def load_client_settings() -> ClientSettings:
    """Reads the environment. Raises SettingsError."""
    try:
        return ClientSettings()
    except ValidationError as error:
        raise SettingsError("; ".join(_sentences(error))) from None


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Names that begin as ours do and mean nothing: most likely misspelt."""
    known = {f"{PREFIX}{name.upper()}" for model in (Settings, ClientSettings) for name in model.model_fields}
    return sorted(
        name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in known
    )


def _with_scheme(value: SecretStr | None, *schemes: str) -> SecretStr | None:
    if value is not None:
        try:
            parts = urlsplit(value.get_secret_value())
            right = parts.scheme in schemes and parts.port != 0
        except ValueError:
            right = False
        if not right:
            raise ValueError(f"must be a URL that begins with {schemes[0]}://")
    return value


def _is_postgres_url(value: str) -> bool:
    """Which may name several hosts, or none."""
    # Here, because commands that talk to a gateway need no driver.
    from psycopg import ProgrammingError  # noqa: PLC0415
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        parts = conninfo_to_dict(value)
    except ProgrammingError:
        return False
    ports = [int(port) if port.isdecimal() else 0 for port in str(parts.get("port", "")).split(",") if port]
    return (
        value.startswith(("postgresql://", "postgres://"))
        and "@" not in str(parts.get("host", ""))  # of a password; what is taken for a host, messages name
        and all(0 < port < 65536 for port in ports)
    )


def _sentences(error: ValidationError) -> Iterator[str]:
    """The faults without the values, which may be secret."""
    for fault in error.errors(include_input=False, include_url=False):
        message = fault["msg"].removeprefix("Value error, ")
        name = f"{PREFIX}{fault['loc'][0]}".upper() if fault["loc"] else ""
        yield f"{name} {message[:1].lower()}{message[1:]}" if name else message
