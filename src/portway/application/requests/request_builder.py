"""From an action's row and its parameters to the request. Pure, and no credential comes near it.

A parameter goes where `endpoint_path` names it; else where `transform_config.locations` says (`query`,
`header`, `body`); else into the query for GET, HEAD, DELETE and OPTIONS, and into a JSON body for the other
methods. This is the language of JSON services; other encodings of body and arrays belong here, beside
`_PLACES` and `_Draft.json_body`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import UUID

from portway.application.requests.header_fields import header_name, is_header_value
from portway.application.requests.parameter_pointer import parameter_pointer
from portway.application.ports.http import OutgoingRequest
from portway.application.requests.url_template import (
    EndpointTemplate,
    UnusableValueError,
    expand_base_url,
    parse_endpoint,
)
from portway.domain.action import Action
from portway.domain.errors import Fault, InvalidIntegrationConfig, InvalidParameters
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject, JsonValue

_QUERY_METHODS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
METHODS = _QUERY_METHODS | {"POST", "PUT", "PATCH"}
_NO_ID = UUID(int=0)
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def build_request(
    integration: Integration, action: Action, parameters: JsonObject, config: JsonObject
) -> OutgoingRequest:
    """The request for `parameters`, which `transform_parameters` has been applied to already.

    `config` holds the connection's own values for `base_url`. Raises InvalidIntegrationConfig, which says
    where, for a broken row, and InvalidParameters with one fault for each parameter that does not fit its
    place.
    """
    try:
        base = expand_base_url(integration.base_url, config)
    except InvalidIntegrationConfig as error:
        raise InvalidIntegrationConfig(f"Integration {integration.slug!r}: {error.detail}") from None
    try:
        return _build(base, action, parameters)
    except InvalidIntegrationConfig as error:
        raise InvalidIntegrationConfig(f"Action {action.slug!r}: {error.detail}") from None


def verification_action(integration: Integration) -> Action | None:
    """The cheap request that proves a credential, `auth_config.verification`, as an action without
    parameters.

    Its members are `method` (default GET), `path` and, as in `transform_config`, `success`. None where the
    row has none. Raises InvalidIntegrationConfig for one of another shape.
    """
    verification = integration.auth_config.get("verification")
    if verification is None:
        return None
    if not isinstance(verification, dict) or not isinstance(verification.get("path"), str):
        raise InvalidIntegrationConfig("auth_config.verification must be an object with a `path`.")
    success = verification.get("success")
    return Action(
        id=_NO_ID,
        integration_id=integration.id,
        slug="verification",
        name="Verification",
        http_method=str(verification.get("method", "GET")),
        endpoint_path=str(verification["path"]),
        transform_config={} if success is None else {"success": success},
    )


def _build(base: str, action: Action, parameters: JsonObject) -> OutgoingRequest:
    method = action.http_method.upper()
    if method not in METHODS:
        raise InvalidIntegrationConfig(f"http_method must be one of {', '.join(sorted(METHODS))}.")
    template = parse_endpoint(action.endpoint_path)
    default = "query" if method in _QUERY_METHODS else "body"
    draft = _Draft(action, template, _locations(action, template), default)
    for name, value in parameters.items():
        draft.place(name, value)
    path, query = draft.expand()
    body = draft.json_body()
    if draft.faults:
        raise InvalidParameters(draft.faults)
    pairs = "&".join(filter(None, (query, *draft.query)))
    root = "" if path or base.count("/") > 2 else "/"
    return OutgoingRequest(method, f"{base}{root}{path}{'?' if pairs else ''}{pairs}", draft.headers, body)


def _locations(action: Action, template: EndpointTemplate) -> Mapping[str, str]:
    locations = action.transform_config.get("locations")
    if locations is None:
        return {}
    if not isinstance(locations, dict):
        raise InvalidIntegrationConfig("transform_config.locations must be an object.")
    checked: dict[str, str] = {}
    for name, location in locations.items():
        where = f"transform_config.locations.{name}"
        if not isinstance(location, str) or location not in {"path", *_PLACES}:
            raise InvalidIntegrationConfig(f"{where} must be one of path, {', '.join(_PLACES)}.")
        if (location == "path") != (name in template.names):
            reality = "names" if name in template.names else "lacks"
            raise InvalidIntegrationConfig(f"{where} is {location!r}, but endpoint_path {reality} it.")
        checked[name] = location
    return checked


class _RefusedError(Exception):
    """A parameter that cannot take its place in the request; `args[0]` says why."""


@dataclass(slots=True)
class _Draft:
    """A request in the making. `default` is the place of a parameter that has none of its own."""

    action: Action
    template: EndpointTemplate
    locations: Mapping[str, str]
    default: str
    headers: dict[str, str] = field(default_factory=lambda: {"accept": "application/json"})
    in_template: dict[str, str] = field(default_factory=dict)
    query: list[str] = field(default_factory=list)
    body: dict[str, JsonValue] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def place(self, name: str, value: JsonValue) -> None:
        """Puts a parameter into its place."""
        try:
            if name not in self.template.names:
                _PLACES[self.locations.get(name, self.default)](self, name, value)
            elif value is not None:
                self.in_template[name] = _text(value)
        except _RefusedError as refused:
            self._refuse(name, refused.args[0])

    def expand(self) -> tuple[str, str]:
        """Path and query of the template, empty where a value for them is missing or unusable."""
        if missing := self.template.names - self.in_template.keys():
            refused = {fault.pointer for fault in self.faults}
            for name in sorted(missing):
                if self._pointer(name) not in refused:
                    self._refuse(name, "is required in the path")
            return "", ""
        try:
            return self.template.expand_path(self.in_template), self.template.expand_query(self.in_template)
        except UnusableValueError as unusable:
            self._refuse(unusable.name, unusable.reason)
            return "", ""

    def json_body(self) -> bytes | None:
        """The body, and its content type among the headers unless the row sets another.

        Without body parameters it is `{}` where the action's schema knows some, since a service that parses
        JSON refuses an empty one; else absent, since a service that expects no body may refuse one.
        """
        if not self.body and not self._knows_body_parameters():
            return None
        self.headers.setdefault("content-type", "application/json")
        try:
            return _json(self.body).encode()
        except (_RefusedError, UnicodeEncodeError):
            for name, value in self.body.items():
                try:
                    _json({name: value}).encode()
                except (_RefusedError, UnicodeEncodeError):
                    self._refuse(name, "is not valid JSON in Unicode")
            return None

    def _knows_body_parameters(self) -> bool:
        properties = self.action.request_schema.get("properties")
        renames = _renames(self.action)
        names = [renames.get(name, name) for name in properties] if isinstance(properties, dict) else []
        return any(
            name not in self.template.names and self.locations.get(name, self.default) == "body"
            for name in names
        )

    def _refuse(self, name: str, reason: str) -> None:
        self.faults.append(Fault(self._pointer(name), f"{reason}."))

    def _pointer(self, name: str) -> str:
        """Where the caller wrote the parameter that is called `name` by now."""
        written = next((old for old, new in _renames(self.action).items() if new == name), name)
        return parameter_pointer(written)


def _text(value: JsonValue) -> str:
    """A scalar as it is written in a URL or header."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _RefusedError("is not valid Unicode") from None
        return value
    if isinstance(value, int | float):
        return _json(value)
    raise _RefusedError("must be a text, a number or a boolean here")


def _json(value: JsonValue) -> str:
    try:
        return _encode(value)
    except (ValueError, RecursionError):
        raise _RefusedError("is not valid JSON") from None


def _into_query(draft: _Draft, name: str, value: JsonValue) -> None:
    """Repeats the key for a list; leaves null out."""
    if name in draft.template.fixed_query:
        raise _RefusedError("is set by the action itself")
    key = quote(_text(name), safe="")
    for item in value if isinstance(value, list) else [value]:
        if item is not None:
            draft.query.append(f"{key}={quote(_text(item), safe='')}")


def _into_header(draft: _Draft, name: str, value: JsonValue) -> None:
    field_name = header_name(name)
    if value is None:
        return
    text = _text(value)
    if not is_header_value(text):
        raise _RefusedError(
            "must not contain line breaks or other control characters, it is sent as a header"
        )
    draft.headers[field_name] = text.strip(" \t")


def _into_body(draft: _Draft, name: str, value: JsonValue) -> None:
    draft.body[name] = value


_PLACES: dict[str, Callable[[_Draft, str, JsonValue], None]] = {
    "query": _into_query,
    "header": _into_header,
    "body": _into_body,
}


def _renames(action: Action) -> dict[str, str]:
    operations = action.transform_config.get("parameters")
    return {
        str(operation.get("parameter")): str(operation.get("to"))
        for operation in (operations if isinstance(operations, list) else [])
        if isinstance(operation, dict) and operation.get("op") == "rename"
    }
