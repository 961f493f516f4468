"""`auth_config`: how a service recognizes its caller, and where its tokens come from.

Texts in which `{name}` stands are templates: of the credential's members, of the connection's `config`, and of what a
part says besides. `{scopes}` are the scopes that are asked for. A member of an optional field may be absent.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from portway.application.language.transform_config import Expression, Name, Response

Url = Annotated[
    str, Meta(min_length=1, max_length=2000, description="An http or https URL, or a template of one")
]
Template = Annotated[str, Meta(min_length=1, max_length=2000)]
Scalar = str | int | float | bool
Parameters = dict[str, Scalar]
Scope = Annotated[str, Meta(min_length=1, max_length=300)]
Seconds = Annotated[float, Meta(ge=0, le=30 * 86_400)]
TokenEndpointAuthMethod = Literal["client_secret_post", "client_secret_basic", "private_key_jwt", "none"]
SigningAlgorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    "HS256", "HS384", "HS512",
]  # fmt: skip
RenamedParameter = Literal[
    "response_type", "client_id", "client_secret", "redirect_uri", "scope", "state", "grant_type", "code",
    "refresh_token", "code_verifier", "code_challenge", "code_challenge_method", "assertion", "token",
]  # fmt: skip


class _Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all parts of the document. What it does not know, it refuses: a slip of the pen is no member."""


class CredentialField(_Member, frozen=True):
    """One member of a credential that a person enters. `secret`: not to be shown while it is typed."""

    name: Name
    title: str = ""
    description: str = ""
    required: bool = True
    secret: bool = True


class Placement(_Member, frozen=True, rename={"place": "in"}):
    """One place of the credential in each request.

    `encoding`: `base64` encodes the filled template. `scheme` stands before the value, with a space: `Basic`, `Token`.
    In a body it is a member of the JSON object, or a field of the form.
    """

    place: Literal["header", "query", "cookie", "body"]
    name: Name
    value: Template
    encoding: Literal["plain", "base64"] = "plain"
    scheme: Name | None = None


class TokenRequest(_Member, frozen=True):
    """How parameters are sent to the token endpoint: as a form (RFC 6749, section 4.1.3), or as it wants them."""

    method: Literal["POST", "GET", "PUT"] = "POST"
    encoding: Literal["form", "json", "query"] = "form"


class TokenResponse(_Member, frozen=True):
    """Where the answer of the token endpoint has what (RFC 6749, section 5), as JMESPath over its JSON.

    `expires_at` is a time, RFC 3339 or in seconds or milliseconds since 1970, and goes before `expires_in`.
    `error` is what is true (as JMESPath takes it) for a refusal; a text there is its code. `members` are further secret
    members of the credential, to be placed in requests by `credential_placement`.
    """

    access_token: Expression = "access_token"  # noqa: S105  an expression
    refresh_token: Expression = "refresh_token"  # noqa: S105
    expires_in: Expression = "expires_in"
    expires_in_unit: Literal["seconds", "milliseconds"] = "seconds"
    expires_at: Expression | None = None
    scope: Expression = "scope"
    error: Expression = "error"
    error_description: Expression = "error_description"
    members: dict[str, Expression] = {}


class JwtAssertion(_Member, frozen=True):
    """A JWT (RFC 7519) signed with the credential's key. `iat`, `exp` and `jti` are added.

    With a `token_url` it is the assertion of the JWT bearer grant (RFC 7523, section 2.1); without, it is the token
    itself. `key` is a PEM or a JWK (for HS algorithms, the secret). A claim or header whose template needs a member
    that the connection lacks is left out.
    """

    algorithm: SigningAlgorithm = "RS256"
    key: Template = "{private_key}"
    headers: dict[str, Template] = {}
    claims: dict[str, Scalar] = {}
    lifetime_seconds: Annotated[int, Meta(ge=10, le=86_400)] = 3600


class Login(_Member, frozen=True):
    """A request that gives a token for other credentials: the two-step exchange of many services.

    `parameters` are written by `encoding`, texts in them at any depth are templates; `placement` puts credentials into
    the request as `credential_placement` does. `token_response` reads the answer.
    """

    url: Url
    method: Literal["POST", "GET", "PUT"] = "POST"
    encoding: Literal["json", "form", "query"] = "json"
    parameters: dict[str, Any] = {}
    placement: tuple[Placement, ...] = ()


class OAuth1(_Member, frozen=True):
    """OAuth 1.0a (RFC 5849). The credential's members are `consumer_key`, `consumer_secret`, `token`, `token_secret`;
    for RSA-SHA1, `consumer_secret` is the private key in PEM.

    With the URLs of the temporary credentials and of the token, and `authorization_url`, a person connects by redirect,
    and the OAuth client is the consumer.
    """

    signature_method: Literal["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"] = "HMAC-SHA1"
    realm: Template | None = None
    temporary_credentials_url: Url | None = None
    token_url: Url | None = None


class AwsSigV4(_Member, frozen=True):
    """AWS Signature Version 4. The credential's members are `access_key_id`, `secret_access_key` and, with temporary
    credentials, `session_token`.
    """

    service: Template
    region: Template = "{region}"


class Verification(_Member, frozen=True):
    """The cheap request that proves a credential, read as `response` says."""

    path: Annotated[str, Meta(min_length=1, max_length=2000)]
    method: Literal["GET", "HEAD", "POST"] = "GET"
    response: Response | None = None


class FollowUp(_Member, frozen=True):
    """A request that is made with a new token once, for what `capture` wants to know."""

    url: Url
    method: Literal["GET", "POST"] = "GET"


class Account(_Member, frozen=True):
    """Whose account it is: JMESPath over the same document as `capture`. `id` never changes; `name` is for people."""

    id: Expression
    name: Expression | None = None


class AuthConfig(_Member, frozen=True):
    """The document of an integration.

    `scope_descriptions` say what a scope allows, for people. `parameter_names`: other names of the parameters of
    authorization and token requests; `callback_names`: of those of the redirect. `token_lifetime_seconds` holds where a
    token's answer names none. `refresh_margin_seconds`: how long before its end a token is renewed. `config_schema` is
    a JSON Schema (2020-12) of the connection's `config`; only a value with a `pattern` there may be more than one label
    of a host name. `capture` takes values of that `config` by JMESPath from {callback, token, id_token, introspection,
    userinfo, follow_up, verification}, without tokens.
    """

    authorization_url: Url | None = None
    token_url: Url | None = None
    refresh_url: Url | None = None
    revocation_url: Url | None = None
    introspection_url: Url | None = None
    userinfo_url: Url | None = None
    issuer: str | None = None

    clientIdEnv: Name | None = None  # noqa: N815  as the mission's rows spell it
    clientSecretEnv: Name | None = None  # noqa: N815
    token_endpoint_auth_method: TokenEndpointAuthMethod = "client_secret_post"  # noqa: S105
    token_endpoint_auth_signing_alg: SigningAlgorithm = "RS256"  # noqa: S105

    scopes: Annotated[tuple[Scope, ...], Meta(max_length=500)] = ()
    scope_descriptions: dict[str, str] = {}
    scope_separator: Annotated[str, Meta(min_length=1, max_length=3)] = " "
    pkce: bool = True
    authorization_params: Parameters = {}
    token_params: Parameters = {}
    refresh_params: Parameters = {}
    token_headers: Parameters = {}
    parameter_names: dict[RenamedParameter, Name] = {}
    callback_names: dict[Literal["code", "state", "error", "error_description"], Name] = {}
    token_request: TokenRequest = TokenRequest()
    token_response: TokenResponse = TokenResponse()
    token_lifetime_seconds: Seconds | None = None
    refresh_margin_seconds: Seconds | None = None

    credential_fields: tuple[Name | CredentialField, ...] | None = None
    credential_placement: Annotated[tuple[Placement, ...], Meta(min_length=1, max_length=20)] | None = None
    jwt: JwtAssertion | None = None
    login: Login | None = None
    oauth1: OAuth1 = OAuth1()
    aws_sigv4: AwsSigV4 | None = None

    config_schema: dict[str, Any] | None = None
    follow_up: FollowUp | None = None
    capture: dict[str, Expression] = {}
    account: Account | None = None
    verification: Verification | None = None
