"""What a redirect back from a service says (RFC 6749, section 4.1.2; RFC 9207; RFC 5849, section 2.2)."""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from portway.application.credential_placement import TemplateValues
from portway.application.language.documents import auth_config
from portway.application.language.templates import MissingValueError, fill
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject

Parameter = Literal["code", "state", "error", "error_description"]

_STATE = re.compile(r"[A-Za-z0-9_-]{1,100}")
_RENAMED_STATE = re.compile(r"[A-Za-z0-9_-]{43}")
_MOST_CANDIDATES = 4
_PROTOCOL = frozenset(
    {
        "code",
        "state",
        "error",
        "error_description",
        "error_uri",
        "iss",
        "oauth_token",
        "oauth_verifier",
        "denied",
    }
)

# RFC 6749, section 4.1.2.1, in words for the person who sees them.
_WORDS = {
    "access_denied": "The access was not granted.",
    "invalid_scope": "The service does not know, or does not allow, a permission that was asked for.",
    "temporarily_unavailable": "The service cannot handle sign-ins at the moment; try again later.",
    "server_error": "The service had a fault of its own; try again.",
    "unauthorized_client": "The service does not allow this OAuth client to ask.",
    "redirect_uri_mismatch": "The redirect URI is not registered with the OAuth client.",
}


class AuthorizationError(Exception):
    """What the redirect says, instead of bringing a code: an error, and words for people."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


def possible_states(parameters: Mapping[str, str]) -> Iterator[str]:
    """What may be our state, while it is not known yet which service this is: `state`, or where there is none, what
    looks like one of ours under the name that a row has for it.
    """
    state = parameters.get("state")
    if state is not None:
        if _STATE.fullmatch(state):
            yield state
        return
    found = [value for value in parameters.values() if _RENAMED_STATE.fullmatch(value)]
    yield from found[:_MOST_CANDIDATES]


def read_code(integration: Integration, config: JsonObject, parameters: Mapping[str, str]) -> str:
    """The code of a redirect that comes from the right server and brings one. Raises AuthorizationError."""
    issuer = _issuer(integration, config)
    if issuer is not None and parameters.get("iss", issuer) != issuer:
        raise AuthorizationError("invalid_issuer", "The answer came from another authorization server.")
    _raise_error(integration, parameters)
    code = _get(integration, parameters, "code")
    if not code:
        raise AuthorizationError("invalid_response", "The service sent neither a code nor an error.")
    return code


def read_verifier(integration: Integration, parameters: Mapping[str, str], token: str) -> str:
    """The verifier of OAuth 1.0a, for the temporary credentials of this `token`. Raises AuthorizationError."""
    if "denied" in parameters:
        raise AuthorizationError("access_denied", _WORDS["access_denied"])
    _raise_error(integration, parameters)
    if parameters.get("oauth_token") != token:
        raise AuthorizationError("invalid_response", "The service answered to another sign-in.")
    verifier = parameters.get("oauth_verifier")
    if not verifier:
        raise AuthorizationError("invalid_response", "The service sent neither a verifier nor an error.")
    return verifier


def further_parameters(integration: Integration, parameters: Mapping[str, str]) -> dict[str, str]:
    """What the redirect tells besides: `realmId` of QuickBooks, `hd` of Google."""
    own = _PROTOCOL | set(auth_config(integration).callback_names.values())
    return {name: value for name, value in parameters.items() if name not in own}


def _raise_error(integration: Integration, parameters: Mapping[str, str]) -> None:
    error = _get(integration, parameters, "error")
    if error:
        description = _get(integration, parameters, "error_description")
        raise AuthorizationError(error, _WORDS.get(error, description or error))


def _get(integration: Integration, parameters: Mapping[str, str], name: Parameter) -> str | None:
    return parameters.get(auth_config(integration).callback_names.get(name, name))


def _issuer(integration: Integration, config: JsonObject) -> str | None:
    issuer = auth_config(integration).issuer
    try:
        return None if issuer is None else fill(issuer, TemplateValues({}, config))
    except MissingValueError as missing:
        raise InvalidIntegrationConfig(
            f"Integration {integration.slug!r}: auth_config.issuer needs the connection's `{missing.name}`."
        ) from None
