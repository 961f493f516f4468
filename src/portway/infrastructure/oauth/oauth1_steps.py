"""OAuth 1.0a, from temporary credentials to a token (RFC 5849, section 2). Answers are forms, whatever they call
themselves; `oauth_problem` is from the OAuth Problem Reporting extension, which many servers speak.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from portway.application.language.auth_config import AuthConfig, TokenResponse
from portway.application.language.templates import MissingValueError, fill
from portway.application.ports.http import OutgoingRequest, UpstreamResponse
from portway.application.ports.token_endpoint import TemporaryCredentials, TokenRequestRefused
from portway.application.signatures.oauth1 import OAuth1Credentials, sign_oauth1
from portway.domain.credential import TokenSet
from portway.domain.errors import InvalidIntegrationConfig
from portway.infrastructure.oauth.authorization_server import AuthorizationServer, Writing
from portway.infrastructure.oauth.token_response import Asked, TokenReader

_ANSWER: Final = TokenReader(
    AuthConfig(
        token_response=TokenResponse(
            access_token="oauth_token",  # noqa: S106  an expression
            error="oauth_problem",
            error_description="oauth_problem_advice",
            members={"token_secret": "oauth_token_secret"},
        )
    )
)
_NO_TOKEN = TemporaryCredentials("", "")


class OAuth1Steps:
    """The requests of a row's `oauth1`, and what their answers mean. Raises InvalidIntegrationConfig."""

    def __init__(self, server: AuthorizationServer) -> None:
        self._server = server
        if server.client is None or server.client.client_secret is None:
            raise server.broken("OAuth 1.0a needs an OAuth client with a secret: the consumer")
        self._consumer = server.client.client_id, server.client.client_secret

    def ask_for_temporary(self, callback: str, now: datetime) -> OutgoingRequest:
        url = self._url("temporary_credentials_url")
        return self._signed(url, _NO_TOKEN, {"oauth_callback": callback}, now)

    def read_temporary(self, response: UpstreamResponse, asked: Asked) -> TemporaryCredentials:
        """Raises TokenRequestRefused and TokenEndpointUnavailable."""
        # There is no grant yet that could be invalid.
        answer = _ANSWER.read(response, replace(asked, denial="invalid_client"))
        if answer.answer.get("oauth_callback_confirmed") != "true":
            # OAuth 1.0 without the "a": whoever begins an authorization could have somebody else finish it.
            raise TokenRequestRefused(
                "callback_unconfirmed", "The service speaks OAuth 1.0, which is not safe, not 1.0a."
            )
        return TemporaryCredentials(answer.access_token, answer.members.get("token_secret", ""))

    def ask_for_token(self, temporary: TemporaryCredentials, verifier: str, now: datetime) -> OutgoingRequest:
        return self._signed(self._url("token_url"), temporary, {"oauth_verifier": verifier}, now)

    def read_token(self, response: UpstreamResponse, asked: Asked) -> TokenSet:
        """Raises TokenRequestRefused and TokenEndpointUnavailable."""
        answer = _ANSWER.read(response, asked)
        key, secret = self._consumer
        members = {
            "token_secret": answer.members.get("token_secret", ""),
            "consumer_key": key,
            "consumer_secret": secret,
        }
        return TokenSet(answer.access_token, members=members, answer=answer.answer)

    def asked(self, url: str, at: datetime, *sent: str) -> Asked:
        """`sent`: what of the request is secret, beside the consumer's own."""
        return Asked(url, at, (self._consumer[1], *sent), own_credentials=frozenset())

    def _url(self, member: str) -> str:
        template: str | None = getattr(self._server.config.oauth1, member)
        if template is None:
            raise self._server.broken(f"auth_config.oauth1.{member} is missing")
        return self._server.expanded(template, f"oauth1.{member}")

    def _signed(
        self, url: str, token: TemporaryCredentials, protocol: Mapping[str, str], now: datetime
    ) -> OutgoingRequest:
        rules, server = self._server.config.oauth1, self._server
        request = server.written(url, {}, Writing("POST", "form"), {"accept": "*/*"})
        try:
            return sign_oauth1(
                request,
                OAuth1Credentials(*self._consumer, token.token, token.token_secret),
                signature_method=rules.signature_method,
                realm=None if rules.realm is None else fill(rules.realm, server.values),
                protocol_parameters=protocol,
                timestamp=now.timestamp,
            )
        except MissingValueError as missing:
            raise server.broken(f"auth_config.oauth1.realm needs the connection's `{missing.name}`") from None
        except InvalidIntegrationConfig as error:
            raise server.broken(error.detail) from None
