"""What Postman's `auth` says of a request, as `auth_type` and `auth_config`.

https://schema.getpostman.com/json/collection/v2.1.0/docs/index.html. Its values are somebody's own and are never taken
over, but for addresses, scopes and names.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from portway.application.requests.header_fields import is_token
from portway.domain.integration import AuthType
from portway.infrastructure.importers.notes import Notes
from portway.infrastructure.importers.openapi_document import Json, text
from portway.infrastructure.importers.postman_variables import Variables, has_variables

NONE = "noauth"
INHERITED = "inherit"

_Config = tuple[AuthType, Json]
_OAUTH1_METHODS = frozenset({"HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"})


def kind_of(auth: object) -> str:
    """Its type; INHERITED where nothing is said, so that the folder's holds."""
    if not isinstance(auth, dict):
        return INHERITED
    kind = auth.get("type")
    return kind if isinstance(kind, str) else INHERITED


def auth_of(auth: Json, variables: Variables, notes: Notes) -> _Config:
    """NONE, with a note, for a kind that is none of ours."""
    kind = kind_of(auth)
    read = _KINDS.get(kind)
    if read is None:
        if kind not in (NONE, INHERITED):
            notes.add(f"The collection's kind of authentication, {kind[:40]!r}, is none of Portway's")
        return AuthType.NONE, {}
    return read(_Said(auth, kind, variables), notes)


class _Said:
    """The attributes of an `auth`: a list of {key, value}, or an object as in v2.0."""

    def __init__(self, auth: Json, kind: str, variables: Variables) -> None:
        found = auth.get(kind)
        if isinstance(found, list):
            found = {text(one, "key"): one.get("value") for one in found if isinstance(one, dict)}
        self._values: Json = found if isinstance(found, dict) else {}
        self._variables = variables

    def text(self, name: str) -> str:
        """The value with the collection's variables; empty where some are left."""
        value = self._values.get(name)
        filled = self._variables.filled(value).strip() if isinstance(value, str) else ""
        return "" if has_variables(filled) else filled

    def url(self, name: str) -> str:
        """The same for an address."""
        value = self.text(name)
        try:
            parts = urlsplit(value)
        except ValueError:
            return ""
        return value if parts.scheme in ("https", "http") and parts.netloc and not parts.username else ""


def _bearer(_said: _Said, _notes: Notes) -> _Config:
    return AuthType.BEARER, {}


def _basic(_said: _Said, _notes: Notes) -> _Config:
    return AuthType.BASIC, {}


def _api_key(said: _Said, notes: Notes) -> _Config:
    name, place = said.text("key"), "query" if said.text("in") == "query" else "header"
    if not name or (place == "header" and not is_token(name)):
        notes.add("The collection does not say what the API key's header is called: `X-API-Key` is a guess")
        name = "X-API-Key"
    return AuthType.API_KEY, {"credential_placement": [{"in": place, "name": name, "value": "{api_key}"}]}


def _oauth2(said: _Said, notes: Notes) -> _Config:
    by_client = said.text("grant_type") == "client_credentials"
    config: Json = {}
    token_url, authorization_url = said.url("accessTokenUrl"), said.url("authUrl")
    if token_url:
        config["token_url"] = token_url
    if authorization_url and not by_client:
        config["authorization_url"] = authorization_url
    if scopes := said.text("scope").replace(",", " ").split():
        config["scopes"] = [*scopes]
    if said.text("client_authentication") == "header":
        config["token_endpoint_auth_method"] = "client_secret_basic"  # noqa: S105
    if said.text("addTokenTo") == "queryParams":
        config["credential_placement"] = [{"in": "query", "name": "access_token", "value": "{access_token}"}]
    elif (prefix := said.text("headerPrefix")) and prefix != "Bearer" and is_token(prefix):
        config["credential_placement"] = [
            {"in": "header", "name": "Authorization", "value": "{access_token}", "scheme": prefix}
        ]
    if not token_url or not (authorization_url or by_client):
        notes.add("The collection lacks an OAuth endpoint: complete `auth_config` before somebody connects")
    return AuthType.OAUTH2_CLIENT_CREDENTIALS if by_client else AuthType.OAUTH2, config


def _oauth1(said: _Said, _notes: Notes) -> _Config:
    method, realm = said.text("signatureMethod"), said.text("realm")
    oauth1: Json = {"signature_method": method} if method in _OAUTH1_METHODS else {}
    if realm:
        oauth1["realm"] = realm
    return AuthType.OAUTH1, {"oauth1": oauth1} if oauth1 else {}


def _aws(said: _Said, notes: Notes) -> _Config:
    service, region = said.text("service"), said.text("region")
    if not service:
        notes.add("The collection does not name the service of AWS: `execute-api` is a guess")
    aws: Json = {"service": service or "execute-api"}
    if region:
        return AuthType.AWS_SIGV4, {"aws_sigv4": {**aws, "region": region}}
    schema = {"type": "object", "required": ["region"], "properties": {"region": {"type": "string"}}}
    return AuthType.AWS_SIGV4, {"aws_sigv4": aws, "config_schema": schema}


_KINDS: dict[str, Callable[[_Said, Notes], _Config]] = {
    "bearer": _bearer,
    "basic": _basic,
    "apikey": _api_key,
    "oauth2": _oauth2,
    "oauth1": _oauth1,
    "awsv4": _aws,
}
