"""Whether an integration's or an action's row makes sense, found out when it is written and not when it is used."""

from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

from portway.application.credential_placement import authenticate
from portway.application.handlers.registry import HandlerRegistry
from portway.application.oauth_client import choose_client
from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.application.ports.schema import ParameterSchema
from portway.application.requests.request_builder import build_request, verification_action
from portway.application.responses.response_mapping import read_response
from portway.application.requests.url_template import expand_base_url, parse_endpoint
from portway.domain.action import Action
from portway.domain.credential import Credential, OAuthClient
from portway.domain.errors import InvalidIntegrationConfig, InvalidParameters, UpstreamError
from portway.domain.integration import AuthType, Integration
from portway.domain.rules.parameter_transform import transform_parameters

# Kinds whose credential placement is not written yet can be defined all the same.
_PLACED = frozenset({AuthType.NONE, AuthType.API_KEY, AuthType.BASIC, AuthType.BEARER, AuthType.OAUTH2})
_EMPTY_ANSWER = UpstreamResponse(200, {"content-type": "application/json"}, b"{}")


class AnyMember(dict[str, str]):
    """Stands in for a connection's values: whatever a row names is there."""

    def get(self, key: str, default: object = None) -> str:
        return "example"

    def __getitem__(self, key: str) -> str:
        return "example"


def check_integration(integration: Integration) -> None:
    """Raises InvalidIntegrationConfig, which says where. Members that are absent may come later."""
    base = expand_base_url(integration.base_url, AnyMember())
    for member in ("authorization_url", "token_url", "refresh_url", "revocation_url"):
        if member in integration.auth_config:
            _check_url(member, integration.auth_config[member])
    choose_client(integration, OAuthClient("example", None), {})
    if integration.auth_type in _PLACED:
        authenticate(OutgoingRequest("GET", base), integration, Credential(AnyMember(), version=1))
    verification = verification_action(integration)
    if verification is not None:
        build_request(integration, verification, {}, AnyMember())
        _check_success(verification)


def check_action(
    integration: Integration, action: Action, schema: ParameterSchema, handlers: HandlerRegistry
) -> None:
    """Raises InvalidIntegrationConfig, which says where."""
    parse_endpoint(action.endpoint_path)
    if action.handler is not None:
        handlers.get(action.handler)
    # Schemas are compiled once for each id, and this one may never be stored.
    schema.faults(replace(action, id=uuid4()), {})
    parameters = transform_parameters({}, action.transform_config)
    with suppress(InvalidParameters):  # the path may need parameters
        build_request(integration, action, parameters, AnyMember())
    _check_success(action)


def _check_url(member: str, url: object) -> None:
    if not isinstance(url, str):
        raise InvalidIntegrationConfig(f"auth_config.{member} must be a URL.")
    try:
        expand_base_url(url.partition("?")[0], AnyMember())
    except InvalidIntegrationConfig as error:
        raise InvalidIntegrationConfig(
            f"auth_config.{member}: {error.detail.replace('base_url', 'the URL', 1)}"
        ) from None


def _check_success(action: Action) -> None:
    try:
        read_response(_EMPTY_ANSWER, action)
    except UpstreamError:
        return
