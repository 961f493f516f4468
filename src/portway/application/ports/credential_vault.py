"""A connection's secrets: connecting, replacing, removing, and the OAuth clients that this takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portway.domain.connection import Account
from portway.domain.credential import OAuthClient
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject


@dataclass(frozen=True, slots=True)
class Established:
    """What connecting came to, to be kept, its secrets encrypted.

    `values` are the members that are part of calls; `grant` are those that only renew the token. `expires_at` is that
    of the access token. `origins` are where all of them may go. `oauth_client_id` is an organization's own client's;
    None for that of the environment, of the credential itself, or none at all.
    """

    values: Mapping[str, str] = field(repr=False)
    grant: Mapping[str, str] = field(default_factory=dict, repr=False)
    expires_at: datetime | None = None
    origins: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    config: JsonObject = field(default_factory=dict)
    account: Account | None = None
    oauth_client_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewConnection:
    """Where a connection belongs. Without a `name` it gets `default_name`, with a number where that is taken."""

    workspace_id: UUID
    integration_id: UUID
    name: str | None
    default_name: str
    end_user_id: str | None = None


@dataclass(frozen=True, slots=True)
class NewAuthorization:
    """What is kept while a user is at the authorization server. `state` and `code_verifier` leave memory only hashed
    and encrypted. `connection_id` is set when an existing connection is authorized again. `opener_origin` is that of
    the page that waits for a popup.
    """

    workspace_id: UUID
    integration_id: UUID
    name: str | None
    scopes: tuple[str, ...]
    config: JsonObject
    return_url: str | None
    connection_id: UUID | None
    state: str = field(repr=False)
    code_verifier: str = field(repr=False)
    browser_secret: str | None = field(default=None, repr=False)
    oauth_client_id: UUID | None = None
    end_user_id: str | None = None
    opener_origin: str | None = None


@dataclass(frozen=True, slots=True)
class OrganizationClient:
    """An organization's own OAuth client at an integration."""

    id: UUID
    client: OAuthClient


@dataclass(frozen=True, slots=True)
class PendingAuthorization:
    """An authorization taken up by its state, once. `authorization_pass` is good for completing this one alone.

    `integration` is None where the authorization is expired.
    """

    authorization_pass: str = field(repr=False)
    integration: Integration | None
    client: OrganizationClient | None
    code_verifier: str = field(repr=False)
    scopes: tuple[str, ...]
    config: JsonObject
    return_url: str | None
    expired: bool
    opener_origin: str | None = None


@dataclass(frozen=True, slots=True)
class Revocable:
    """What a deleted connection leaves to revoke at the provider, and where that may be sent.

    `tokens` are by type (RFC 7009, section 2.1), refresh token first. `client` is the connection's own; None for that
    of the environment.
    """

    tokens: Mapping[str, str] = field(repr=False)
    client: OAuthClient | None
    integration: Integration
    origins: tuple[str, ...]
    config: JsonObject


class CredentialVault(Protocol):
    """Secrets go in; out comes only what connecting and revoking need. Takes passes, never user ids.

    Connecting takes a user's pass, or that of a connect link, which is good for its own connection alone.
    """

    async def create_connection(
        self, sealed_pass: str, place: NewConnection, established: Established
    ) -> UUID:
        """A connection owned by the caller. One that they have to the same account, for the same end user, is
        authorized anew in its place.
        """
        ...

    async def replace_secret(self, sealed_pass: str, connection_id: UUID, established: Established) -> None:
        """Another credential for the caller's own connection, which becomes active. Raises AccountMismatch where it is
        for another account than the old one.
        """
        ...

    async def set_disabled(self, sealed_pass: str, connection_id: UUID, *, disabled: bool) -> None:
        """Stops or resumes the use of a connection: its owner's and the workspace's admins' right."""
        ...

    async def delete_connection(self, sealed_pass: str, connection_id: UUID) -> Revocable:
        """Deletes the connection: its owner's and the workspace's admins' right."""
        ...

    async def oauth_client(
        self,
        sealed_pass: str,
        workspace_id: UUID,
        integration_id: UUID,
        *,
        name: str | None = None,
        connection_id: UUID | None = None,
    ) -> OrganizationClient | None:
        """The client of this name of the workspace's organization. Without a name, that of the connection to be
        authorized again, else the one called `default`. None where there is no such client.
        """
        ...

    async def set_oauth_client(
        self,
        sealed_pass: str,
        organization_id: UUID,
        integration_id: UUID,
        client: OAuthClient,
        *,
        name: str = "default",
    ) -> None:
        """Sets the organization's client of this name, secret encrypted. One with another `client_id` stays, unseen,
        for the connections that were made with it.
        """
        ...

    async def begin_authorization(self, sealed_pass: str, authorization: NewAuthorization) -> datetime:
        """Keeps it for ten minutes; returns when it expires."""
        ...

    async def take_authorization(self, state: str, browser_secret: str | None) -> PendingAuthorization | None:
        """Takes it up, once and for all; None for a state that is unknown, used, or another browser's."""
        ...

    async def complete_authorization(
        self, authorization_pass: str, established: Established, default_name: str
    ) -> UUID:
        """Keeps what came of it; returns the connection: the one that was authorized again, one to the same account,
        or a new one. The client is the one that it was begun with. Without a new refresh token, an old one stays.
        Raises AccountMismatch where another account was signed in to than the connection's.
        """
        ...
