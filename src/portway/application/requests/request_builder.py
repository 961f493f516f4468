"""From an action's row and its parameters to the request. Pure, and no credential comes near it.

A parameter goes where `endpoint_path` names it; else where `transform_config.locations` says; else into the query
for GET, HEAD, DELETE and OPTIONS, and into the body for the other methods.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import UUID

from portway.application.language.documents import read_action_config
from portway.application.language.transform_config import Location, MultipartBody
from portway.application.ports.http import OutgoingRequest, StreamedBody
from portway.application.requests.body_encodings import (
    BodyParameters,
    RefusedParameterError,
    encode_body,
)
from portway.application.requests.constant_headers import constant_headers
from portway.application.requests.header_fields import header_name, is_header_value
from portway.application.requests.parameter_pointer import parameter_pointer
from portway.application.requests.parameter_styles import (
    encode_query,
    encode_query_reserved,
    header_text,
    pairs,
    path_segment,
)
from portway.application.requests.request_plan import METHODS, RequestPlan, request_plan
from portway.application.requests.scalar_text import RefusedError, text_of
from portway.application.requests.url_template import (
    EncodedSegment,
    UnusableValueError,
    expand_base_url,
)
from portway.domain.action import Action
from portway.domain.errors import Fault, InvalidIntegrationConfig, InvalidParameters
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.rules.parameter_transform import written_as

__all__ = ["METHODS", "build_request", "check_request_building", "verification_action"]

_NO_ID = UUID(int=0)
_NO_LOCATION: Mapping[str, Location] = {}


def build_request(
    integration: Integration, action: Action, parameters: JsonObject, config: JsonObject
) -> OutgoingRequest:
    """The request for `parameters`, which `transform_parameters` has been applied to already.

    `config` holds the connection's own values for `base_url` and headers. Raises InvalidIntegrationConfig, which
    says where, for a broken row, and InvalidParameters with one fault for each parameter that does not fit its
    place.
    """
    try:
        base = expand_base_url(integration.base_url, config)
    except InvalidIntegrationConfig as error:
        raise InvalidIntegrationConfig(f"Integration {integration.slug!r}: {error.detail}") from None
    plan = _plan(integration, action)
    try:
        headers = {"accept": plan.accept, **constant_headers(plan.config.headers, config)}
    except InvalidIntegrationConfig as error:
        raise InvalidIntegrationConfig(f"Action {action.slug!r}: {error.detail}") from None
    draft = _Draft(plan, headers)
    for name, value in parameters.items():
        draft.place(name, value)
    path, query = draft.expand()
    body = draft.encoded_body()
    if draft.faults:
        raise InvalidParameters(draft.faults)
    if draft.cookies:
        draft.headers["cookie"] = "; ".join(draft.cookies)
    query = "&".join(filter(None, (query, *draft.query)))
    root = "" if path or base.count("/") > 2 else "/"
    return OutgoingRequest(
        plan.method, f"{base}{root}{path}{'?' if query else ''}{query}", draft.headers, body
    )


def check_request_building(integration: Integration, action: Action) -> None:
    """Raises InvalidIntegrationConfig for a row that makes no request, whatever the parameters."""
    plan = _plan(integration, action)
    for name, value in plan.config.headers.items():
        if not is_header_value(value):
            raise InvalidIntegrationConfig(
                f"Action {action.slug!r}: transform_config.headers.{name} has a control character."
            )


def verification_action(integration: Integration) -> Action | None:
    """The cheap request that proves a credential, `auth_config.verification`, as an action without
    parameters.

    Its members are `method` (default GET), `path` and, as in `transform_config`, `response`. None where the
    row has none. Raises InvalidIntegrationConfig for one of another shape.
    """
    verification = integration.auth_config.get("verification")
    if verification is None:
        return None
    if not isinstance(verification, dict) or not isinstance(verification.get("path"), str):
        raise InvalidIntegrationConfig("auth_config.verification must be an object with a `path`.")
    if unknown := verification.keys() - {"method", "path", "response"}:
        raise InvalidIntegrationConfig(f"auth_config.verification has no member {min(unknown)!r}.")
    response = verification.get("response")
    action = Action(
        id=_NO_ID,
        integration_id=integration.id,
        slug="verification",
        name="Verification",
        http_method=str(verification.get("method", "GET")),
        endpoint_path=str(verification["path"]),
        transform_config={} if response is None else {"response": response},
    )
    read_action_config(integration, action)
    return action


def _plan(integration: Integration, action: Action) -> RequestPlan:
    try:
        return request_plan(integration, action)
    except InvalidIntegrationConfig as error:
        if error.detail.startswith(("Action ", "Integration ")):
            raise
        raise InvalidIntegrationConfig(f"Action {action.slug!r}: {error.detail}") from None


@dataclass(slots=True)
class _Draft:
    """A request in the making."""

    plan: RequestPlan
    headers: dict[str, str]
    in_template: dict[str, str] = field(default_factory=dict)
    query: list[str] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)
    body: dict[str, JsonValue] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def place(self, name: str, value: JsonValue) -> None:
        """Puts a parameter into its place."""
        place = self.plan.place(name)
        if place == "body":
            self.body[name] = value
            return
        if value is None:
            return
        try:
            getattr(self, f"_into_{place}")(name, value, self.plan.locations.get(name))
        except RefusedError as refused:
            self.refuse(name, refused.args[0])

    def expand(self) -> tuple[str, str]:
        """Path and query of the template, empty where a value for them is missing or unusable."""
        template = self.plan.template
        if missing := template.names - self.in_template.keys():
            refused = {fault.pointer for fault in self.faults}
            for name in sorted(missing):
                if self.pointer(name) not in refused:
                    self.refuse(name, "is required in the path")
            return "", ""
        try:
            return template.expand_path(self.in_template), template.expand_query(self.in_template)
        except UnusableValueError as unusable:
            self.refuse(unusable.name, unusable.reason)
            return "", ""

    def encoded_body(self) -> bytes | StreamedBody | None:
        """The body, and its content type among the headers unless the row sets another.

        Without body parameters it is that of none where the action's schema knows some, since a service that parses
        a body refuses an empty one; else absent, since a service that expects no body may refuse one.
        """
        if not self.body and not self.plan.has_body_parameters:
            return None
        parameters = BodyParameters(self.body, self.plan.locations or _NO_LOCATION, self.pointer)
        try:
            encoded = encode_body(self.plan.config.body, parameters)
        except RefusedParameterError as refused:
            self.refuse(refused.name, refused.reason)
            return None
        except InvalidParameters as invalid:
            self.faults += invalid.faults
            return None
        if encoded is None or encoded.content == b"":
            return None
        if isinstance(self.plan.config.body, MultipartBody):
            self.headers["content-type"] = encoded.content_type  # it names the boundary
        else:
            self.headers.setdefault("content-type", encoded.content_type)
        return encoded.content

    def refuse(self, name: str, reason: str) -> None:
        self.faults.append(Fault(self.pointer(name), f"{reason}."))

    def pointer(self, name: str) -> str:
        """Where the caller wrote the parameter that is called `name` by now."""
        return parameter_pointer(written_as(self.plan.config.parameters, name) or name)

    def _into_path(self, name: str, value: JsonValue, location: Location | None) -> None:
        if location is None or location.style is None:
            self.in_template[name] = text_of(value)
            return
        explode = bool(location.explode)
        segment = path_segment(location.name or name, value, location.style, explode)
        if not segment:
            raise RefusedError("must not be empty, it is part of the path")
        self.in_template[name] = EncodedSegment(segment)

    def _into_query(self, name: str, value: JsonValue, location: Location | None) -> None:
        defaults = self.plan.config.query
        style = location.style if location is not None else None
        explode = location.explode if location is not None else None
        if style is None and (defaults.style != "form" or defaults.explode is not None):
            style = defaults.style
        if style is None and explode is not None:
            style = "form"
        explode = defaults.explode if explode is None else explode
        reserved = location is not None and location.allow_reserved
        written = pairs(
            (location.name if location else None) or name,
            value,
            style,
            explode,
            encode_query_reserved if reserved else encode_query,
        )
        fixed = self.plan.template.fixed_query
        if fixed and any(pair.partition("=")[0] in map(encode_query, fixed) for pair in written):
            raise RefusedError("is set by the action itself")
        self.query += written

    def _into_header(self, name: str, value: JsonValue, location: Location | None) -> None:
        field_name = header_name((location.name if location else None) or name)
        if location is not None and location.style is not None:
            text = header_text(value, location.style, bool(location.explode))
        else:
            text = text_of(value)
        if not is_header_value(text):
            raise RefusedError(
                "must not contain line breaks or other control characters, it is sent as a header"
            )
        self.headers[field_name] = text.strip(" \t")

    def _into_cookie(self, name: str, value: JsonValue, location: Location | None) -> None:
        cookie = (location.name if location else None) or name
        style = location.style if location else None
        explode = location.explode if location else None
        self.cookies += pairs(quote(cookie, safe=""), value, style, explode)
