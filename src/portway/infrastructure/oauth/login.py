"""The request of a row's `login`, which gives a token for other credentials."""

from portway.application.credential_placement import place
from portway.application.language.auth_config import Login
from portway.application.language.templates import names_in
from portway.application.ports.http import OutgoingRequest
from portway.domain.errors import InvalidIntegrationConfig
from portway.infrastructure.oauth.authorization_server import AuthorizationServer, Writing


def login_request(server: AuthorizationServer) -> OutgoingRequest:
    """With the connection's credentials in its parameters and places. What needs a value that the connection lacks is
    left out. Raises InvalidIntegrationConfig.
    """
    login = _said(server)
    request = server.written(
        server.expanded(login.url, "login.url"),
        server.filled(login.parameters),
        Writing(login.method, login.encoding),
        {},
    )
    needed = frozenset(name for placement in login.placement for name in names_in(placement.value))
    try:
        return place(request, login.placement, server.values, optional=needed)
    except InvalidIntegrationConfig as error:
        raise server.broken(error.detail) from None


def _said(server: AuthorizationServer) -> Login:
    if server.config.login is None:
        raise server.broken("auth_config.login is missing")
    return server.config.login
