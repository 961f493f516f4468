"""Security schemes (OpenAPI 3.1.1, sections 4.8.27 to 4.8.30) as `auth_type` and `auth_config`."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from portway.application.importing.naming import shortened
from portway.application.requests.header_fields import is_token
from portway.domain.integration import AuthType
from portway.infrastructure.importers.openapi_document import (
    InexpressibleError,
    Json,
    OpenApiDocument,
    members,
    text,
)
from portway.infrastructure.importers.openapi_servers import joined
from portway.infrastructure.importers.openapi_undeclared import has_unauthorized, token_parameters

_PREFERENCE = ("authorizationCode", "bearer", "apiKey", "basic", "clientCredentials")
_AWS = "awsSigv4"
# Of the signature itself.
_AWS_HEADERS = (
    "X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Security-Token",
    "X-Amz-Signature", "X-Amz-SignedHeaders",
)  # fmt: skip
_UNFIT = re.compile(r"[^A-Za-z0-9_]+")


class Security:
    """Chooses, of all that the document takes, the credential that most operations take.

    `auth_type` and `auth_config` are those of the integration; `parameters` are those that carry the credential, by
    place and name, and `names` those that do in any place.
    """

    def __init__(self, document: OpenApiDocument, operations: Sequence[Json], base_url: str) -> None:
        self._document = document
        self._base_url = base_url
        self._schemes = {
            name: self._resolved(scheme)
            for name, scheme in members(members(document.contents, "components"), "securitySchemes").items()
        }
        self._used: set[str] = set()
        self._chosen = self._choose(operations)
        self.auth_type, self.auth_config = self._config()
        self.parameters = {
            (text(scheme, "in"), text(scheme, "name"))
            for scheme in self._schemes.values()
            if text(scheme, "type") == "apiKey"
        }
        undeclared = token_parameters(document, operations)
        self.names = frozenset(name for _, name in undeclared)
        if self.auth_type is AuthType.NONE:
            self._guess(undeclared, operations)
        if self.auth_type is AuthType.AWS_SIGV4:
            self.parameters |= {("header", name) for name in _AWS_HEADERS}

    def scopes(self, operation: Json) -> tuple[str, ...]:
        """What the operation asks of the chosen credential, whichever of its alternatives is met."""
        if self.auth_type not in (AuthType.OAUTH2, AuthType.OAUTH2_CLIENT_CREDENTIALS):
            return ()
        alternatives = [
            _scopes(requirement)
            for requirement in self._requirements(operation)
            if frozenset(requirement) == self._chosen
        ]
        if not alternatives:
            return ()
        self._used.update(alternatives[0])
        # Any of them will do, so that only what they have in common is needed.
        return tuple(scope for scope in alternatives[0] if all(scope in others for others in alternatives))

    def finished_config(self) -> Json:
        """The document with the scopes that the actions use."""
        if not self._used:
            return self.auth_config
        return {**self.auth_config, "scopes": sorted(self._used)}

    def _resolved(self, scheme: object) -> Json:
        try:
            return self._document.resolve(scheme)
        except InexpressibleError:
            return {}

    def _requirements(self, operation: Json) -> list[Json]:
        found = operation.get("security", self._document.contents.get("security"))
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def _choose(self, operations: Iterable[Json]) -> frozenset[str]:
        count: Counter[frozenset[str]] = Counter()
        for operation in operations:
            known = {
                frozenset(one)
                for one in self._requirements(operation)
                if one and one.keys() <= self._schemes.keys()
            }
            count.update(known)
        if not count and self._schemes:
            self._document.notes.add(
                "No operation says which credential it takes; one that the document describes is asked for"
            )
            count.update({frozenset({name}): 1 for name in self._schemes})
        if not count:
            return frozenset()
        most = max(count.values())
        # A credential that nearly all operations take is as good as one that all take.
        return min(
            (names for names in count if count[names] >= most * 0.9),
            key=lambda names: (len(names), min(self._preference(name) for name in names), sorted(names)),
        )

    def _preference(self, name: str) -> int:
        kind = self._kind(self._schemes[name])
        return _PREFERENCE.index(kind) if kind in _PREFERENCE else len(_PREFERENCE)

    def _kind(self, scheme: Json) -> str:
        match text(scheme, "type"):
            case "http":
                return text(scheme, "scheme").lower()
            case "oauth2":
                flows = members(scheme, "flows")
                return next(
                    (one for one in ("authorizationCode", "clientCredentials") if one in flows), "oauth2"
                )
            case "apiKey" if text(scheme, "x-amazon-apigateway-authtype") in ("awsSigv4", "awsS3"):
                return _AWS
            case other:
                return other

    def _aws(self) -> Json:
        """AWS signs for a service, which a document names only by the first label of its host."""
        service = self._base_url.partition("://")[2].partition(".")[0]
        self._document.notes.add(f"AWS's signature is taken to be for the service {service!r}")
        # Services that have no regions are signed for as in the first of all.
        return {"service": service} | ({} if "{region}" in self._base_url else {"region": "us-east-1"})

    def _config(self) -> tuple[AuthType, Json]:
        if not self._chosen:
            return AuthType.NONE, {}
        names = sorted(self._chosen)
        kinds = {self._kind(self._schemes[name]) for name in names}
        if _AWS in kinds:
            return AuthType.AWS_SIGV4, {"aws_sigv4": self._aws()}
        if kinds == {"apiKey"}:
            if all(is_token(text(self._schemes[name], "name")) for name in names):
                return self._keys(names)
            self._document.notes.add("A key has a place that cannot be; a token is asked for")
            return AuthType.BEARER, {}
        if len(names) > 1:
            self._document.notes.add(
                f"Operations take {' and '.join(names)} together; only the first is asked for"
            )
        return self._single(self._schemes[min(names, key=self._preference)])

    def _guess(self, undeclared: list[tuple[str, str]], operations: Sequence[Json]) -> None:
        """Most services that do not say so want a credential all the same."""
        said = "The document names no credential"
        if undeclared:
            place, name = undeclared[0]
            self._document.notes.add(f"{said}; the parameter {name!r} is taken to be it")
            placement = {"in": place, "name": name, "value": "{api_key}"}
            self.auth_type, self.auth_config = AuthType.API_KEY, {"credential_placement": [placement]}
        elif has_unauthorized(operations):
            self._document.notes.add(f"{said}, but answers 401; a bearer token is asked for")
            self.auth_type = AuthType.BEARER
        else:
            self._document.notes.add(said)

    def _keys(self, names: list[str]) -> tuple[AuthType, Json]:
        fields = (
            ["api_key"] if len(names) == 1 else [_UNFIT.sub("_", name).strip("_").lower() for name in names]
        )
        placement = [
            {"in": text(self._schemes[name], "in") or "header", "name": text(self._schemes[name], "name") or name,
             "value": f"{{{field}}}"}
            for name, field in zip(names, fields, strict=True)
        ]  # fmt: skip
        own = {"credential_fields": fields} if len(names) > 1 else {}
        return AuthType.API_KEY, {**own, "credential_placement": placement}

    def _single(self, scheme: Json) -> tuple[AuthType, Json]:
        match self._kind(scheme):
            case "bearer":
                return AuthType.BEARER, {}
            case "basic":
                return AuthType.BASIC, {}
            case "authorizationCode" | "clientCredentials" as flow:
                return self._oauth(flow, members(members(scheme, "flows"), flow))
            case "oauth2" | "openIdConnect" as kind:
                self._document.notes.add(
                    f"Its {kind} scheme has no flow that works without a person; a token is asked for"
                )
                return AuthType.BEARER, {}
            case other:
                self._document.notes.add(f"{other!r} is sent as the scheme of an Authorization header")
                place = {
                    "in": "header",
                    "name": "Authorization",
                    "scheme": other or "Bearer",
                    "value": "{token}",
                }
                return AuthType.BEARER, {"credential_placement": [place]}

    def _oauth(self, flow: str, described: Json) -> tuple[AuthType, Json]:
        urls = {
            "authorization_url": text(described, "authorizationUrl"),
            "token_url": text(described, "tokenUrl"),
            "refresh_url": text(described, "refreshUrl"),
        }
        absolute = {name: joined(f"{self._base_url}/", url) for name, url in urls.items() if url}
        usable = {name: url for name, url in absolute.items() if _is_address(url)}
        descriptions = {
            scope: shortened(str(words), 300) or scope
            for scope, words in members(described, "scopes").items()
            if 0 < len(scope) <= 300
        }
        config: Json = {**usable, **({"scope_descriptions": descriptions} if descriptions else {})}
        if flow == "clientCredentials":
            config.pop("authorization_url", None)
            return AuthType.OAUTH2_CLIENT_CREDENTIALS, config
        return AuthType.OAUTH2, config


def _scopes(requirement: Json) -> list[str]:
    """`none` is what Slack's document calls no scope."""
    found = [scope for scopes in requirement.values() if isinstance(scopes, list) for scope in scopes]
    return list(dict.fromkeys(one for one in found if isinstance(one, str) and one and one != "none"))


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and url.isascii()
        and " " not in url
        and "{" not in url
    )
