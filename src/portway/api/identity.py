"""Who calls: the principal behind `Authorization: Bearer`, or behind the session cookie of our own pages."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.types import Scope as AsgiScope

from portway.api.cross_origin import check_own_page
from portway.api.services import CurrentServices
from portway.api.session_cookie import access_token_in
from portway.domain.errors import Forbidden, Unauthenticated
from portway.domain.principal import Principal, Scope

bearer_scheme = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An access token of a signed-in user, an API key (`pw_...`), or a token of the configured issuer. "
    "Browsers that signed in with `cookie` send the cookie `portway_session` instead, from Portway's own pages alone",
)


def bearer_of(authorization: str | None) -> str:
    """The token in an Authorization field (RFC 6750, section 2.1). Raises Unauthenticated."""
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return token


def bearer_of_caller(scope: AsgiScope, public_url: str) -> str:
    """What the caller of this request proves itself by: the Authorization field, else the session cookie.

    Raises Unauthenticated without either, Forbidden for a cookie that another's page had sent along.
    """
    for name, value in scope["headers"]:
        if name == b"authorization":
            return bearer_of(value.decode("latin-1"))
    return session_bearer(scope, public_url)


def session_bearer(scope: AsgiScope, public_url: str) -> str:
    """The access token in the session cookie. Raises as above."""
    fields = dict(scope["headers"])
    token = access_token_in(fields.get(b"cookie", b""))
    if not token:
        raise Unauthenticated
    check_own_page(scope["method"], fields, public_url)
    return token


async def _current_bearer(
    request: Request,
    services: CurrentServices,
    _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)],
) -> str:
    bearer = bearer_of_caller(request.scope, services.public_url)
    request.state.bearer = bearer  # for whoever finds that it is not good any more
    return bearer


CurrentBearer = Annotated[str, Depends(_current_bearer)]
"""A handler's parameter of this type gets the caller's token itself: to authenticate it again after a while."""


async def _current_principal(bearer: CurrentBearer, services: CurrentServices) -> Principal:
    return await services.authenticator.authenticate(bearer)


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
