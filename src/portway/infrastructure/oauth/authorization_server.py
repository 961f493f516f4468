"""An authorization server, as a row describes it and one connection fills it in."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast
from urllib.parse import urlencode

from portway.application.credential_placement import TemplateValues
from portway.application.destinations import expand_endpoint
from portway.application.language.auth_config import Parameters
from portway.application.language.documents import auth_config
from portway.application.language.templates import MissingValueError, fill, fill_all
from portway.application.ports.http import OutgoingRequest
from portway.application.ports.token_endpoint import Registration
from portway.application.requests.header_fields import header_name, is_header_value
from portway.application.requests.url_template import wide_names
from portway.domain.credential import OAuthClient
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonValue
from portway.infrastructure.oauth.client_authentication import (
    AuthenticationRules,
    ClientAuthentication,
    authenticate,
)
from portway.infrastructure.oauth.token_response import TokenReader

FORM = "application/x-www-form-urlencoded"
Endpoint = Literal["token_url", "refresh_url", "revocation_url", "introspection_url"]


@dataclass(frozen=True, slots=True)
class Writing:
    """How parameters are sent: `TokenRequest` and `Login` of the language agree in this."""

    method: str
    encoding: str


class AuthorizationServer:
    """What a row says of it. All methods raise InvalidIntegrationConfig, which names integration and member.

    Texts in the row are filled with the members of `grant`, the connection's `config`, and the OAuth client's
    `client_id` and `client_secret`; a parameter or header that needs a value which is not there is left out.
    """

    def __init__(
        self, registration: Registration, grant: Mapping[str, str] | None = None, scopes: Sequence[str] = ()
    ) -> None:
        self._registration = registration
        self.integration = registration.integration
        self.config = auth_config(registration.integration)
        self.client = _own_client(self.integration, grant or {}) or registration.client
        self.scope = self.config.scope_separator.join(scopes)
        members = {**_members(registration.client), **(grant or {}), "scopes": self.scope}
        if self.config.token_url is not None:
            members["token_url"] = self.required_url("token_url")
        self.values = TemplateValues(members, registration.config)

    def url(self, *members: Endpoint) -> str | None:
        """The first of these that the row has."""
        for member in members:
            template: str | None = getattr(self.config, member)
            if template is not None:
                return self.expanded(template, member)
        return None

    def required_url(self, *members: Endpoint) -> str:
        url = self.url(*members)
        if url is None:
            raise self.broken(f"auth_config.{members[-1]} is missing")
        return url

    def expanded(self, template: str, member: str) -> str:
        """A URL of the row, the member `member`, with the connection's own values in it."""
        with self._naming(f"auth_config.{member}: "):
            return expand_endpoint(template, self._registration.config, wide_names(self.integration))

    def reader(self) -> TokenReader:
        """Made before a request is sent, so that a broken expression costs no token."""
        with self._naming():
            return TokenReader(self.config)

    def authentication(self, now: datetime) -> ClientAuthentication:
        """Of the client; nothing where there is none."""
        if self.client is None:
            return ClientAuthentication()
        rules = self._rules()
        with self._naming():
            return authenticate(self.client, rules, now)

    def request(
        self,
        url: str,
        parameters: Mapping[str, str],
        authentication: ClientAuthentication,
        further: Parameters,
    ) -> OutgoingRequest:
        """A request with parameters of the standards, by the names that this server has for them.

        `further` are the row's own. They go before all others: Zoom's client credentials have another `grant_type`.
        """
        names: Mapping[Any, str] = self.config.parameter_names
        standard = {**parameters, **authentication.parameters}
        renamed = {names.get(name, name): value for name, value in standard.items()}
        sending = self.config.token_request
        return self.written(
            url,
            {**renamed, **self.filled(further)},
            Writing(sending.method, sending.encoding),
            authentication.headers,
        )

    def written(
        self, url: str, parameters: Mapping[str, Any], writing: Writing, headers: Mapping[str, str]
    ) -> OutgoingRequest:
        """A request with these parameters, and with the row's `token_headers`, which go before all others."""
        # Without this Accept some servers (GitHub) answer with a form.
        fields = {"accept": "application/json", **headers}
        if writing.encoding == "query" or writing.method == "GET":
            query = self._form(parameters)
            mark = "&" if "?" in url else "?"
            url, body = f"{url}{mark}{query}" if query else url, None
        elif writing.encoding == "json":
            fields["content-type"] = "application/json"
            body = json.dumps(parameters, separators=(",", ":")).encode()
        else:
            fields["content-type"] = FORM
            body = self._form(parameters).encode()
        return OutgoingRequest(writing.method, url, {**fields, **self._headers()}, body)

    def filled(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """With values in their templates, at any depth."""
        try:
            return cast("dict[str, Any]", fill_all(dict(parameters), self.values))
        except RecursionError:
            raise self.broken("auth_config is nested too deeply") from None

    def broken(self, what: str) -> InvalidIntegrationConfig:
        return InvalidIntegrationConfig(f"Integration {self.integration.slug!r}: {what.rstrip('.')}.")

    @contextmanager
    def _naming(self, member: str = "") -> Iterator[None]:
        """Says in an error of what it does whose row it is."""
        try:
            yield
        except InvalidIntegrationConfig as error:
            raise self.broken(f"{member}{error.detail}") from None

    def _rules(self) -> AuthenticationRules:
        return AuthenticationRules(
            self.config.token_endpoint_auth_method,
            self.config.token_endpoint_auth_signing_alg,
            self._issuer() or self.url("token_url", "revocation_url", "introspection_url") or "",
        )

    def _issuer(self) -> str | None:
        if self.config.issuer is None:
            return None
        try:
            return fill(self.config.issuer, self.values)
        except MissingValueError as missing:
            raise self.broken(f"auth_config.issuer needs the connection's `{missing.name}`") from None

    def _headers(self) -> dict[str, str]:
        with self._naming("auth_config.token_headers: "):
            headers = {
                header_name(name): _text(value)
                for name, value in self.filled(self.config.token_headers).items()
            }
        for name, value in headers.items():
            if not is_header_value(value):
                raise self.broken(f"auth_config.token_headers.{name} has a line break or control character")
        return headers

    def _form(self, parameters: Mapping[str, Any]) -> str:
        pairs: list[tuple[str, str]] = []
        for name, value in parameters.items():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, list | dict):
                    raise self.broken(
                        f"the parameter {name!r} of a form must be a text, a number or a list of those"
                    )
                if item is not None:
                    pairs.append((name, _text(item)))
        return urlencode(pairs, errors="replace")


def _own_client(integration: Integration, grant: Mapping[str, str]) -> OAuthClient | None:
    """The client that a connection brings along itself. In the key of a Google service account, `client_id` is no
    client that could authenticate.
    """
    client_id = grant.get("client_id")
    if not client_id or integration.auth_type is not AuthType.OAUTH2_CLIENT_CREDENTIALS:
        return None
    return OAuthClient(client_id, grant.get("client_secret"))


def _members(client: OAuthClient | None) -> dict[str, str]:
    return {"client_id": client.client_id, "client_secret": client.client_secret or ""} if client else {}


def _text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
