"""Rule: only the owner of a connection may use it, and its credential goes only where it was meant to."""

from collections.abc import Iterable
from urllib.parse import urlsplit
from uuid import UUID

from portway.domain.connection import Connection
from portway.domain.errors import (
    Forbidden,
    InsufficientScope,
    InvalidIntegrationConfig,
    NotFound,
    ReauthorizationRequired,
)
from portway.domain.organization import Role
from portway.domain.principal import Scope

DEFAULT_PORTS = {"http": 80, "https": 443}


def check_may_execute(
    *, user_id: UUID, scopes: Iterable[str], role: Role | None, workspace_id: UUID, connection: Connection
) -> None:
    """Refuses whoever may not use the connection.

    `role` is the caller's in the connection's workspace, None for a stranger. Raises NotFound for what the
    caller may not even see, Forbidden for what they see and may not use.
    """
    if role is None or connection.workspace_id != workspace_id:
        raise NotFound
    if Scope.EXECUTE not in scopes:
        raise Forbidden("This API key does not have the scope `execute`.")
    if role is Role.VIEWER:
        raise Forbidden("A viewer may not execute actions.")
    if connection.user_id != user_id:
        raise Forbidden("Only the owner of a connection may use it.")


def check_scopes(granted: Iterable[str], required: Iterable[str]) -> None:
    """Raises InsufficientScope where the grant is known and lacks what the action requires."""
    held = set(granted)
    missing = [scope for scope in required if scope not in held]
    if held and missing:
        raise InsufficientScope(missing)


def origin_of(url: str) -> str:
    """`scheme://host:port` of a URL (RFC 6454), lower-case, with the port always written.

    Raises InvalidIntegrationConfig for what cannot be read as a URL.
    """
    try:
        parts = urlsplit(url)
        scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
        port = parts.port or DEFAULT_PORTS.get(scheme, 0)
    except ValueError:
        raise InvalidIntegrationConfig("The integration's address is not a URL.") from None
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def check_destination(url: str, origins: Iterable[str]) -> None:
    """Raises ReauthorizationRequired for a URL outside the origins that the credential was given for."""
    if origin_of(url) not in origins:
        raise ReauthorizationRequired(
            "The integration now points to another address than when this connection was made, so its "
            "credential is not sent; authorize it again to accept the new address."
        )
