"""Who calls: the principal behind `Authorization: Bearer`."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from portway.api.services import CurrentServices
from portway.domain.errors import Forbidden, Unauthenticated
from portway.domain.principal import Principal, Scope

bearer_scheme = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An access token of a signed-in user, an API key (`pw_...`), or a token of the configured issuer",
)


def bearer_of(authorization: str | None) -> str:
    """The token in an Authorization field (RFC 6750, section 2.1). Raises Unauthenticated."""
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return token


async def _current_principal(
    request: Request,
    services: CurrentServices,
    _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)],
) -> Principal:
    return await services.authenticator.authenticate(bearer_of(request.headers.get("authorization")))


CurrentPrincipal = Annotated[Principal, Depends(_current_principal)]
"""A handler's parameter of this type gets the caller; without a valid bearer it is not run."""


def requires(scope: Scope) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency that gives the caller, or raises Forbidden for an API key without the scope.

    The database refuses the same; without this, a list would look empty instead of forbidden.
    """

    async def principal_with_scope(principal: CurrentPrincipal) -> Principal:
        if scope not in principal.scopes:
            raise Forbidden(f"This API key does not have the scope `{scope.value}`.")
        return principal

    return principal_with_scope


AdminPrincipal = Annotated[Principal, Depends(requires(Scope.ADMIN))]
"""The same for callers with the scope `admin`, which signed-in people have."""
