"""Rule: only the owner of a connection may use it, and its credential goes only where it was meant to."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit
from uuid import UUID

from portway.domain.connection import Connection, ConnectionDetails, StatusReason
from portway.domain.errors import (
    Forbidden,
    InsufficientScope,
    InvalidIntegrationConfig,
    NotFound,
    ReauthorizationRequired,
)
from portway.domain.organization import Role
from portway.domain.principal import Principal, Scope

# Scheme and authority (RFC 3986, section 3), which end where path, query or fragment begin.
_BEGINNING = re.compile(r"[^/?#\s]*//[^/?#\s]*(?=[/?#]|$)")

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


@dataclass(frozen=True, slots=True)
class ConnectionRights:
    """What somebody may do with a connection, whatever its status."""

    use: bool
    authorize: bool
    edit: bool
    enable: bool
    delete: bool


def rights_of(found: ConnectionDetails, principal: Principal) -> ConnectionRights:
    """What the reader may do with it. Every use case and the database judge again."""
    is_owner = found.connection.user_id == principal.user_id
    may_write = Scope.CONNECTIONS_WRITE in principal.scopes
    may_act = is_owner and found.role is not Role.VIEWER
    may_edit = may_write and (is_owner or found.administered)
    return ConnectionRights(
        use=may_act and Scope.EXECUTE in principal.scopes,
        authorize=may_act and may_write,
        edit=may_edit,
        enable=may_edit and (found.administered or found.status_reason is not StatusReason.DISABLED_BY_ADMIN),
        delete=may_edit,
    )


def check_scopes(granted: Collection[str], required: Collection[str]) -> None:
    """Raises InsufficientScope where the grant is known and lacks what the action requires."""
    if not (granted and required):
        return
    held = set(granted)
    if missing := [scope for scope in required if scope not in held]:
        raise InsufficientScope(missing)


def origin_of(url: str) -> str:
    """`scheme://host:port` of a URL (RFC 6454), lower-case, with the port always written.

    Raises InvalidIntegrationConfig for what cannot be read as a URL.
    """
    beginning = _BEGINNING.match(url)
    return _origin_of(beginning[0] if beginning else url)


@lru_cache(maxsize=4096)
def _origin_of(url: str) -> str:
    """Few services are called often, so it is worked out once for each."""
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
