"""Where a connection's credential may go: to the places that were recorded when it was connected."""

from collections.abc import Iterable, Iterator

from portway.application.language.documents import auth_config
from portway.application.requests.url_template import NO_NAMES, expand_base_url, integration_base, wide_names
from portway.domain.connection import Connection
from portway.domain.errors import ReauthorizationRequired
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonObject
from portway.domain.rules.access_control import check_destination, origin_of


def recorded_origins(integration: Integration, config: JsonObject) -> tuple[str, ...]:
    """What to record with a new credential: the service's origin, then its token endpoints'.

    Raises InvalidIntegrationConfig for an address that is broken, or that needs a value which `config` lacks.
    """
    service = origin_of(integration_base(integration, config))
    return tuple(dict.fromkeys((service, *_token_origins(integration, config))))


def check_service(url: str, integration: Integration, connection: Connection) -> None:
    """Raises ReauthorizationRequired for a URL that the connection's credential may not be sent to.

    A global row is the operator's, so its present address counts as well as what was recorded.
    """
    origins = connection.origins
    if origin_of(url) in origins:
        return
    if integration.organization_id is None or integration.auth_type is AuthType.NONE:
        origins = (*origins, origin_of(integration_base(integration, connection.config)))
    check_destination(url, origins)


def check_token_endpoints(integration: Integration, recorded: Iterable[str], config: JsonObject) -> None:
    """Raises ReauthorizationRequired where an organization's integration would now send secrets to a new place.

    Else its admin could have everybody's refresh tokens by editing `token_url`, or by adding a `revocation_url` and
    deleting the connections. A global row is the operator's own.
    """
    known = frozenset(recorded)
    if integration.organization_id is not None and not known.issuperset(_token_origins(integration, config)):
        raise ReauthorizationRequired(
            "The integration now has its tokens from another address than when this connection was made; "
            "authorize it again to accept the new address."
        )


def expand_endpoint(url: str, config: JsonObject, wide: frozenset[str] = NO_NAMES) -> str:
    """A URL of the authorization server with the connection's own values in it.

    As `base_url`, but with its query and its last slash as they are; `wide` are the integration's `wide_names`. Raises
    InvalidIntegrationConfig.
    """
    address, mark, query = url.partition("?")
    slash = "/" if address.endswith("/") else ""
    return f"{expand_base_url(address, config, wide)}{slash}{mark}{query}"


def _token_origins(integration: Integration, config: JsonObject) -> Iterator[str]:
    """Where codes, refresh tokens, logins and tokens to revoke are sent."""
    auth = auth_config(integration)
    login = None if auth.login is None else auth.login.url
    for url in (auth.token_url, auth.refresh_url, auth.revocation_url, login):
        if url is not None:
            yield origin_of(expand_endpoint(url, config, wide_names(integration)))
