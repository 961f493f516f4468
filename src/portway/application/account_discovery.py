"""What a service tells with a new credential: whose account it is, and values for the connection's config."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from portway.application.connection_config import ConnectionConfig
from portway.application.credential_placement import authenticate, secrets_of
from portway.application.destinations import expand_endpoint, recorded_origins
from portway.application.error_masking import without_secrets
from portway.application.language.auth_config import AuthConfig
from portway.application.language.credential_fields import credential_fields
from portway.application.language.documents import action_config, auth_config
from portway.application.language.expression import compiled
from portway.application.language.transform_config import TransformConfig
from portway.application.ports.credential_vault import Established
from portway.application.ports.http import HttpClient, OutgoingRequest
from portway.application.ports.token_endpoint import Registration, TokenEndpoint
from portway.application.requests.request_builder import build_request
from portway.application.requests.scalar_text import RefusedError, text_of
from portway.application.requests.url_template import wide_names
from portway.application.responses.response_mapping import read_response
from portway.application.verification import verification_action
from portway.domain.connection import Account
from portway.domain.credential import Credential, OAuthClient
from portway.domain.errors import InvalidIntegrationConfig, PortwayError, UpstreamInvalidResponse
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.rules.execution_logging import REDACTED, is_secret_name, mask_literals

_SECONDS = 15.0
_MAX_ACCOUNT = 500
_MAX_CAPTURED = 4000

Source = Literal["callback", "token", "id_token", "introspection", "userinfo", "follow_up", "verification"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What there is to begin with: the credential, what renews it, the answer that it came in, and what the redirect
    told besides. `secrets` are further literals that must not end up in a config.
    """

    credential: Credential
    grant: Mapping[str, str] = field(default_factory=dict, repr=False)
    answer: JsonObject = field(default_factory=dict, repr=False)
    callback: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Discovered:
    """`config` is complete; `account` is None where the row does not say how to know it, or nothing tells."""

    config: JsonObject
    account: Account | None


class AccountDiscovery:
    """Makes the requests that a row names for a new credential, each where it is named: introspection, userinfo, the
    follow-up, which may need captured values, and the verification.
    """

    def __init__(self, http: HttpClient, token_endpoint: TokenEndpoint, config: ConnectionConfig) -> None:
        self._http = http
        self._token_endpoint = token_endpoint
        self._config = config

    async def discover(self, registration: Registration, evidence: Evidence) -> Discovered:
        """Raises what the verification and the other requests raise, without the credential in it, and
        InvalidIntegrationConfig for captured values that do not fit the row's `config_schema`.
        """
        asking = _Asking(self._http, registration, evidence)
        try:
            return await self._discover(asking, registration, evidence)
        except PortwayError as error:
            raise without_secrets(error, asking.secrets) from None

    async def establish(
        self,
        registration: Registration,
        evidence: Evidence,
        *,
        scopes: tuple[str, ...],
        oauth_client_id: UUID | None = None,
    ) -> Established:
        """All that is kept of a new credential. Raises as `discover`."""
        found = await self.discover(registration, evidence)
        return Established(
            values=evidence.credential.values,
            grant=evidence.grant,
            expires_at=evidence.credential.expires_at,
            origins=recorded_origins(registration.integration, found.config),
            scopes=scopes,
            config=found.config,
            account=found.account,
            oauth_client_id=oauth_client_id,
        )

    def told_by_redirect(
        self, registration: Registration, callback: Mapping[str, str], secrets: tuple[str, ...]
    ) -> JsonObject:
        """The config with what is captured from a redirect: a token endpoint may need it. Raises
        InvalidIntegrationConfig.
        """
        evidence = Evidence(Credential({}, version=0), callback=callback, secrets=secrets)
        asking = _Asking(self._http, registration, evidence)
        self._capture(asking)
        return asking.config

    async def _discover(
        self, asking: "_Asking", registration: Registration, evidence: Evidence
    ) -> Discovered:
        auth, token = asking.auth, evidence.credential.values.get("access_token")
        if auth.introspection_url is not None and token:
            asking.learn("introspection", dict(await self._token_endpoint.introspect(registration, token)))
        if auth.userinfo_url is not None:
            asking.learn("userinfo", await asking.get("GET", auth.userinfo_url))
            asking.check_subject()
        self._capture(asking)
        if auth.follow_up is not None:
            asking.learn("follow_up", await asking.get(auth.follow_up.method, auth.follow_up.url))
            self._capture(asking)
        await asking.verify()
        self._capture(asking)
        self._config.captured(registration.integration, asking.config, complete=True)
        return Discovered(asking.config, asking.account())

    def _capture(self, asking: "_Asking") -> None:
        """A value is held against the schema before it is part of any URL."""
        asking.capture()
        self._config.captured(asking.integration, asking.config)


class _Asking:
    """The document that expressions read, and the config, as they grow."""

    def __init__(self, http: HttpClient, registration: Registration, evidence: Evidence) -> None:
        self._http = http
        self._credential = evidence.credential
        self.integration = registration.integration
        self.auth: AuthConfig = auth_config(registration.integration)
        self.config = registration.config
        self.secrets = [
            *secrets_of(evidence.credential, registration.integration, registration.config),
            *evidence.grant.values(),
            *evidence.secrets,
        ]
        public = _public_values(registration, evidence)
        self._tokens = [secret for secret in self.secrets if secret not in public]
        self._document: dict[str, JsonValue] = {}
        self.learn("callback", dict(evidence.callback))
        self.learn("token", dict(evidence.answer))
        self.learn("id_token", _claims(evidence.answer.get("id_token"), registration.client))

    def learn(self, source: Source, answer: JsonValue) -> None:
        """Without tokens: who reads a connection's config need not be its owner."""
        self._document[source] = _without_secrets(mask_literals(answer, self._tokens))

    def check_subject(self) -> None:
        """An answer of userinfo on somebody else is not to be used (OpenID Connect Core 1.0, section 5.3.2)."""
        told = compiled("[id_token.sub, userinfo.sub]", "userinfo_url", "auth_config").find(self._document)
        if isinstance(told, list) and None not in told and told[0] != told[1]:
            raise UpstreamInvalidResponse("The service told of another account than the one that signed in.")

    async def get(self, method: str, url: str) -> JsonValue:
        """The answer of a URL of the row to the credential."""
        expanded = expand_endpoint(url, self.config, wide_names(self.integration))
        request = OutgoingRequest(method, expanded, {"accept": "application/json"})
        return await self._answer(request, TransformConfig())

    async def verify(self) -> None:
        action = verification_action(self.integration)
        if action is not None:
            request = build_request(self.integration, action, {}, self.config)
            rules = action_config(self.integration, action)
            self.learn("verification", await self._answer(request, rules))

    def capture(self) -> None:
        found = {
            name: compiled(text, f"capture.{name}", "auth_config").find(self._document)
            for name, text in self.auth.capture.items()
        }
        for name, value in found.items():
            if len(json.dumps(value)) > _MAX_CAPTURED:
                raise InvalidIntegrationConfig(f"auth_config.capture.{name} finds more than can be kept.")
        self.config = {**self.config, **{name: value for name, value in found.items() if value is not None}}

    def account(self) -> Account | None:
        rules = self.auth.account
        account_id = None if rules is None else self._text(rules.id, "account.id")
        if rules is None or not account_id:
            return None
        if len(account_id) > _MAX_ACCOUNT:
            raise InvalidIntegrationConfig("auth_config.account.id finds more than an identifier.")
        name = "" if rules.name is None else self._text(rules.name, "account.name")
        return Account(account_id, " ".join(name.split())[:_MAX_ACCOUNT] or None)

    async def _answer(self, request: OutgoingRequest, rules: TransformConfig) -> JsonValue:
        authenticated = authenticate(request, self.integration, self._credential, config=self.config)
        response = await self._http.send(authenticated, timeout_seconds=_SECONDS)
        return read_response(response, rules)

    def _text(self, expression: str, member: str) -> str:
        try:
            return text_of(compiled(expression, member, "auth_config").find(self._document)).replace(
                "\x00", ""
            )
        except RefusedError:
            return ""


def _claims(id_token: JsonValue, client: OAuthClient | None) -> JsonValue:
    """The claims of an ID token, which came over TLS from the token endpoint itself, so that its signature need not be
    checked (OpenID Connect Core 1.0, section 3.1.3.7). Nothing for what is none, or is for another client.
    """
    if not isinstance(id_token, str) or id_token.count(".") != 2:
        return {}
    payload = id_token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(claims, dict):
        return {}
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    return claims if client is None or audience is None or client.client_id in audiences else {}


def _public_values(registration: Registration, evidence: Evidence) -> frozenset[str]:
    """Those of members that are no secret: a user name is often the account's own."""
    members = {**evidence.credential.values, **evidence.grant}
    fields = credential_fields(registration.integration)
    return frozenset(members.get(field.name, "") for field in fields if not field.secret)


def _without_secrets(value: JsonValue) -> JsonValue:
    """Without what is a secret by its name, and without the texts in which one was masked."""
    if isinstance(value, dict):
        return {
            name: _without_secrets(member)
            for name, member in value.items()
            if REDACTED not in name and (isinstance(member, dict | list) or not is_secret_name(name))
        }
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return None if isinstance(value, str) and REDACTED in value else value
