"""The URL at which a person grants access (RFC 6749, section 4.1.1; RFC 7636; RFC 5849, section 2.2)."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from portway.application.connect_form import connects_by_redirect
from portway.application.credential_placement import TemplateValues
from portway.application.destinations import expand_endpoint
from portway.application.language.documents import auth_config
from portway.application.language.templates import fill_all
from portway.application.ports.token_endpoint import Registration, TemporaryCredentials
from portway.application.requests.scalar_text import text_of
from portway.application.requests.url_template import wide_names
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonValue

_CHALLENGE = frozenset({"code_challenge", "code_challenge_method"})


def authorization_endpoint(registration: Registration) -> str:
    """Raises InvalidIntegrationConfig for an integration that is connected otherwise, and one whose URL needs a value
    that the config lacks.
    """
    integration = registration.integration
    url = auth_config(integration).authorization_url
    if url is None or not connects_by_redirect(integration):
        raise InvalidIntegrationConfig(
            f"Integration {integration.slug!r} cannot be connected by redirect: that needs auth_type oauth2 and "
            "auth_config.authorization_url, or oauth1 and auth_config.oauth1.temporary_credentials_url besides."
        )
    try:
        return expand_endpoint(url, registration.config, wide_names(integration))
    except InvalidIntegrationConfig as error:
        raise InvalidIntegrationConfig(
            f"Integration {integration.slug!r}: auth_config.authorization_url: {error.detail}"
        ) from None


def authorization_url(
    registration: Registration, *, redirect_uri: str, scopes: Sequence[str], state: str, code_verifier: str
) -> str:
    """Where an authorization of OAuth 2 begins. The registration has a client."""
    client_id = registration.client.client_id if registration.client else ""
    auth = auth_config(registration.integration)
    scope = auth.scope_separator.join(scopes)
    standard = {"response_type": "code", "client_id": client_id, "redirect_uri": redirect_uri, "state": state}
    if scope:
        standard["scope"] = scope
    if auth.pkce:
        digest = hashlib.sha256(code_verifier.encode("ascii")).digest()
        standard["code_challenge"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
        standard["code_challenge_method"] = "S256"
    names: Mapping[Any, str] = auth.parameter_names
    renamed = {names.get(name, name): value for name, value in standard.items()}
    further = _further(registration, {"scopes": scope, "client_id": client_id})
    # A challenge of the row's own would let its author redeem what the user grants.
    for name in _CHALLENGE | {names.get(name, name) for name in _CHALLENGE}:
        further.pop(name, None)
    return _with_query(authorization_endpoint(registration), {**further, **renamed})


def oauth1_authorization_url(registration: Registration, temporary: TemporaryCredentials) -> str:
    """Where an OAuth 1.0a authorization begins, once there are temporary credentials."""
    further = _further(registration, {})
    return _with_query(authorization_endpoint(registration), {**further, "oauth_token": temporary.token})


def with_state(redirect_uri: str, state: str) -> str:
    """The redirect URI of OAuth 1.0a, which has no parameter for a state of the client's."""
    return _with_query(redirect_uri, {"state": state})


def _further(registration: Registration, values: Mapping[str, str]) -> dict[str, str]:
    """The row's own parameters. One that needs a value which is not there is left out."""
    params: dict[str, JsonValue] = dict(auth_config(registration.integration).authorization_params)
    filled = fill_all(params, TemplateValues(values, registration.config))
    return {name: text_of(value) for name, value in filled.items()} if isinstance(filled, dict) else {}


def _with_query(url: str, query: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    kept = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in query
    ]
    return urlunsplit(parts._replace(query=urlencode([*kept, *query.items()])))
