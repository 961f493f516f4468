"""Replacing a connection's secrets: authorization, replacement, removal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portway.domain.credential import OAuthClient, TokenSet
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject


@dataclass(frozen=True, slots=True)
class NewAuthorization:
    """What is kept while a user is at the authorization server. `state` and `code_verifier` leave memory only hashed
    and encrypted. `connection_id` is set when an existing connection is authorized again.
    """

    workspace_id: UUID
    integration_id: UUID
    name: str
    scopes: tuple[str, ...]
    config: JsonObject
    return_url: str | None
    connection_id: UUID | None
    state: str = field(repr=False)
    code_verifier: str = field(repr=False)
    browser_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PendingAuthorization:
    """An authorization taken up by its state, once. `authorization_pass` is good for completing this one alone.

    `integration` is None where the authorization is expired.
    """

    authorization_pass: str = field(repr=False)
    integration: Integration | None
    client: OAuthClient | None
    code_verifier: str = field(repr=False)
    scopes: tuple[str, ...]
    config: JsonObject
    return_url: str | None
    expired: bool


@dataclass(frozen=True, slots=True)
class Revocable:
    """What a deleted connection leaves to revoke at the provider, refresh token first, and with which client of the
    organization's own (None: that of the environment).
    """

    tokens: tuple[str, ...] = field(repr=False)
    client: OAuthClient | None


class CredentialVault(Protocol):
    """Secrets go in; out comes only what a pending authorization needs. Takes passes, never user ids."""

    async def create_connection(
        self,
        sealed_pass: str,
        *,
        workspace_id: UUID,
        integration_id: UUID,
        name: str,
        values: Mapping[str, str],
        config: JsonObject,
        origins: Sequence[str],
        expires_at: datetime | None,
    ) -> UUID:
        """A connection with the secret members `values` (encrypted), owned by the caller."""
        ...

    async def replace_secret(
        self,
        sealed_pass: str,
        connection_id: UUID,
        values: Mapping[str, str],
        origins: Sequence[str],
        expires_at: datetime | None,
    ) -> None:
        """New secret members for the caller's own connection, which becomes active."""
        ...

    async def set_disabled(self, sealed_pass: str, connection_id: UUID, *, disabled: bool) -> None:
        """Stops or resumes the use of a connection: its owner's and the workspace's admins' right."""
        ...

    async def delete_connection(self, sealed_pass: str, connection_id: UUID) -> Revocable:
        """Deletes the connection: its owner's and the workspace's admins' right."""
        ...

    async def oauth_client_id(self, sealed_pass: str, workspace_id: UUID, integration_id: UUID) -> str | None:
        """The client id of the workspace's organization at this integration, None where it has no client."""
        ...

    async def set_oauth_client(
        self, sealed_pass: str, organization_id: UUID, integration_id: UUID, client: OAuthClient
    ) -> None:
        """Sets the organization's own client at this integration, secret encrypted."""
        ...

    async def begin_authorization(self, sealed_pass: str, authorization: NewAuthorization) -> datetime:
        """Keeps it for ten minutes; returns when it expires."""
        ...

    async def take_authorization(self, state: str, browser_secret: str | None) -> PendingAuthorization | None:
        """Takes it up, once and for all; None for a state that is unknown, used, or another browser's."""
        ...

    async def complete_authorization(
        self, authorization_pass: str, tokens: TokenSet, origins: Sequence[str], scopes: Sequence[str]
    ) -> UUID:
        """Stores the tokens; returns the connection, new or re-authorized."""
        ...
